import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { DataKeys } from '../../crypto/vault/data-keys.ts';
import { readOriginal } from '../../crypto/vault/read-original.ts';
import { newDataKey, originalContext } from '../../crypto/vault/vault-envelope.ts';
import type { VaultPrivateKey } from '../../crypto/vault/vault-opener.ts';
import type { Masker } from '../../domain/login/masking.ts';
import { maskedValues } from '../../domain/login/sealed-original.ts';
import type { RemaskRequest, RemaskResult } from '../../domain/rotation/rotation.ts';
import { findOldRows, type OldRow } from '../../postgres/logins/find-old-rows.ts';
import { readOriginals as readSealed } from '../../postgres/vault/read-originals.ts';
import { OtherMaskingKey, requireRotation } from '../../postgres/vault/require-rotation.ts';
import { type ResealedOriginal, writeRemasked } from '../../postgres/vault/write-remasked.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { nameOf, type OpenOriginal, type Originals, remaskRows } from './remask-rows.ts';
import { stepOf } from './rotation-step.ts';

/** Unwrapped data keys in the cache, a few hundred bytes each. */
const CACHED_DATA_KEYS = 10_000;

const HEX = /^([0-9a-f]{2})+$/;

export type RemaskDependencies = {
  pool: Pool;
  privateKey: VaultPrivateKey;
  /** The masker of the active key. */
  masker: Masker;
  /** The maskers of all keys, by id. */
  maskers: ReadonlyMap<string, Masker>;
};

export function createRemaskActivity({ pool, privateKey, masker, maskers }: RemaskDependencies) {
  const dataKeys = new DataKeys(privateKey, CACHED_DATA_KEYS);

  async function readOriginals(rows: readonly OldRow[]): Promise<Originals> {
    const keyIds = new Map<string, string>();
    for (const row of rows) {
      for (const value of maskedValues(row.masked)) keyIds.set(nameOf(value), row.maskKeyId);
    }
    const wanted = rows
      .flatMap(({ masked }) => maskedValues(masked))
      .filter(({ maskedHex }) => HEX.test(maskedHex));
    const distinct = new Map(wanted.map((value) => [nameOf(value), value]));
    const originals = new Map<string, string | undefined>();
    for (const sealed of await readSealed(pool, [...distinct.values()])) {
      const name = nameOf(sealed);
      // An original may be both in the vault and set aside: one readable copy is enough.
      if (originals.get(name) !== undefined) continue;
      const oldMasker = maskers.get(keyIds.get(name) ?? '');
      originals.set(name, await readOriginal(sealed, dataKeys, oldMasker));
    }
    return originals;
  }

  function reseal(originals: readonly OpenOriginal[]) {
    const { seal, ...wrapped } = newDataKey(privateKey.publicKey);
    const resealed = originals.map(({ original, ...value }): ResealedOriginal => {
      const context = originalContext(value.field, value.newMaskedHex);
      return { ...value, sealedValue: seal(original, context) };
    });
    return { dataKey: { id: randomUUID(), ...wrapped }, originals: resealed };
  }

  async function remask(request: RemaskRequest): Promise<RemaskResult> {
    if (request.toKeyId !== masker.keyId) throw new OtherMaskingKey('the active key is another');
    const rotation = stepOf(request, masker);
    // Check this before anything is opened.
    await requireRotation(pool, rotation);
    const { rows, next } = await findOldRows(pool, request);
    const { unrecoverable, unreadable, adopted, ...step } = remaskRows(
      rows,
      await readOriginals(rows),
      masker,
    );
    const sealed = reseal(step.originals);
    const remasked = await writeRemasked(
      pool,
      { ...step, ...sealed, toKeyId: masker.keyId },
      rotation,
    );
    return { remasked, unrecoverable, unreadable, adopted, ...(next && { next }) };
  }

  return {
    /**
     * Re-masks the next rows of old keys with the active key, all of them or none. A repetition changes nothing. The
     * result contains only counts and a position, never an original.
     */
    remaskBatch: (request: RemaskRequest): Promise<RemaskResult> =>
      withHeartbeat('remaskBatch', () => remask(request)),
  };
}
