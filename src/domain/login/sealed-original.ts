import type { MaskedField } from './login-columns.ts';

/** What a masked value is found by, in `user_logins` and in the vault. */
export type MaskedValue = { field: MaskedField; maskedHex: string };

/** A row of the vault with the data key that it is sealed with. */
export type SealedOriginal = MaskedValue & {
  maskKeyId: string;
  sealedAt: Date;
  sealedValue: Buffer;
  dataKeyId: string;
  wrappedKey: Buffer;
  vaultKeyId: string;
};
