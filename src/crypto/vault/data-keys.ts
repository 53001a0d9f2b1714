import type { KeyObject } from 'node:crypto';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { VaultPrivateKey } from './vault-opener.ts';

export type WrappedDataKey = { dataKeyId: string; wrappedKey: Buffer; vaultKeyId: string };

/** Sealed for another vault key than the one that is here. */
export class OtherVaultKey extends Error {
  override name = 'OtherVaultKey';
}

/**
 * Data keys as they are needed, the latest used of them kept: neighbours in the table come from the same batches, and
 * unwrapping one takes milliseconds here and more in KMS.
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
      // Heartbeats are due meanwhile, and an RSA key in this process gives nobody else a turn.
      await letOthersRun();
      key = await this.#privateKey.unwrap(wrappedKey);
    }
    // A Map keeps its order: the first one is that which was not used for longest.
    this.#kept.delete(dataKeyId);
    this.#kept.set(dataKeyId, key);
    if (this.#kept.size > this.#size) this.#kept.delete(this.#kept.keys().next().value as string);
    return key;
  }
}
