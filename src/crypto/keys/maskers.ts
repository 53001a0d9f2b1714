import { hmacMasker, type Masker, sha256Masker, UNKEYED_ID } from '../../domain/login/masking.ts';
import type { Keyring } from './keyring.ts';

/** A masker for every masking key there is, by the id that rows name it by; the unkeyed one is among them. */
export const maskersById = (keyring?: Keyring): ReadonlyMap<string, Masker> =>
  new Map([
    [UNKEYED_ID, sha256Masker],
    ...[...(keyring?.keys ?? [])].map(
      ([id, key]) => [id, hmacMasker({ id, secret: key.export() })] as const,
    ),
  ]);
