import type { KeyObject } from 'node:crypto';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { VaultPrivateKey } from './vault-opener.ts';

export type WrappedDataKey = { dataKeyId: string; wrappedKey: Buffer; vaultKeyId: string };

/** The data key was wrapped with another vault key. */
export class OtherVaultKey extends Error {
  override name = 'OtherVaultKey';
}

/**
 * Unwraps data keys on demand and caches the most recently used ones: neighbouring rows come from the same batches, and
 * unwrapping takes milliseconds, or longer in KMS.
 */
export class DataKeys {
  readonly #privateKey: VaultPrivateKey;
  readonly #kept = new Map<string, KeyObject>();
  readonly #size: number;

  constructor(privateKey: VaultPrivateKey, size: number) {
    this.#privateKey = privateKey;
    this.#size = size;
  }

  /** @throws OtherVaultKey */
  async unwrap({ dataKeyId, wrappedKey, vaultKeyId }: WrappedDataKey): Promise<KeyObject> {
    let key = this.#kept.get(dataKeyId);
    if (key === undefined) {
      if (vaultKeyId !== this.#privateKey.id) {
        throw new OtherVaultKey(`the vault has originals for the key ${vaultKeyId}`);
      }
      // RSA in this process blocks the event loop, so let pending heartbeats run first.
      await letOthersRun();
      key = await this.#privateKey.unwrap(wrappedKey);
    }
    // A Map keeps insertion order, so its first entry is the least recently used.
    this.#kept.delete(dataKeyId);
    this.#kept.set(dataKeyId, key);
    if (this.#kept.size > this.#size) this.#kept.delete(this.#kept.keys().next().value as string);
    return key;
  }
}
