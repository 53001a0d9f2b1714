import { MASKED_COLUMNS } from '../../domain/login/login-columns.ts';

const PAIRS = MASKED_COLUMNS.map(({ field, column }) => `('${field}', ${column})`).join(', ');

/** After rows of logins: a row of (field, value) for each of their masked values. */
export const EACH_VALUE = `cross join lateral (values ${PAIRS}) as one (field, value)`;

// A data key is inserted in one transaction with its originals, so a key without originals never gets any.
export const REMOVE_UNUSED_DATA_KEYS = `
  delete from vault_data_keys
  where not exists (select from sealed_originals where data_key_id = vault_data_keys.id)`;
