import type { MaskedField } from '../../domain/login/login-columns.ts';
import type { MaskedValue } from '../../domain/login/sealed-original.ts';
import { UsageProblem } from './usage-problem.ts';

const OPTIONS: Readonly<Record<MaskedField, string>> = { ip: '--ip', device_id: '--device' };

/**
 * A masked value as `user_logins` has it. What is something else is not repeated: it may be an original.
 * @throws UsageProblem
 */
export function parseMaskedValue(field: MaskedField, text: string): MaskedValue {
  const maskedHex = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(maskedHex)) return { field, maskedHex };
  throw new UsageProblem(
    `${OPTIONS[field]} takes a masked value`,
    'what was given is not 64 hexadecimal digits',
    'Take it from user_logins, or find it by its original: `login-etl find --ip -`.',
  );
}
