import { MASKED_COLUMNS } from '../../domain/login/login-columns.ts';

/** The masked columns of `user_logins` as one array, for `maskedValues`. */
export const MASKED_ARRAY = `array[${MASKED_COLUMNS.map(({ column }) => column).join(', ')}]::text[]`;
