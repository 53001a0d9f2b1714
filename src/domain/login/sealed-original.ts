import { MASKED_COLUMNS, type MaskedField, type MaskedPlural } from './login-columns.ts';

/** Identifies a masked value in `user_logins` and in the vault. */
export type MaskedValue = { field: MaskedField; maskedHex: string };

/** @param masked a row's masked columns, in the order of `MASKED_COLUMNS` */
export const maskedValues = (masked: readonly (string | null)[]): MaskedValue[] =>
  MASKED_COLUMNS.flatMap(({ field }, index) => {
    const maskedHex = masked[index] ?? null;
    return maskedHex === null ? [] : [{ field, maskedHex }];
  });

/** The values by the names that JSON output and audit records have for their fields. */
export const valuesByPlural = (values: readonly MaskedValue[]) =>
  Object.fromEntries(
    MASKED_COLUMNS.map((column) => [
      column.masked.plural,
      values.filter(({ field }) => field === column.field).map(({ maskedHex }) => maskedHex),
    ]),
  ) as Record<MaskedPlural, string[]>;

/** A row of the vault with the data key that it is sealed with. */
export type SealedOriginal = MaskedValue & {
  maskKeyId: string;
  sealedAt: Date;
  sealedValue: Buffer;
  dataKeyId: string;
  wrappedKey: Buffer;
  vaultKeyId: string;
};
