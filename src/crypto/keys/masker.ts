import {
  adoptedMasker,
  hmacMasker,
  type Masker,
  type MaskingMode,
  sha256Masker,
} from '../../domain/login/masking.ts';
import { activeKey, type Keyring } from './keyring.ts';

/** Returns the masker of the active masking key, or the unkeyed one in the mode `sha256`. */
export function createMasker({ mode, keys }: { mode: MaskingMode; keys?: Keyring }): Masker {
  if (mode === 'sha256') return sha256Masker;
  if (!keys) throw new Error('hmac-sha256 masking was let in without keys');
  const { id, key } = activeKey(keys);
  return hmacMasker({ id, secret: key.export() });
}

/** A masker for every masking key, by the id that rows name it by, and those without a key. */
export const maskersById = (keyring?: Keyring): ReadonlyMap<string, Masker> =>
  new Map(
    [
      ...[...(keyring?.keys ?? [])].map(([id, key]) => hmacMasker({ id, secret: key.export() })),
      sha256Masker,
      adoptedMasker,
    ].map((masker) => [masker.keyId, masker]),
  );
