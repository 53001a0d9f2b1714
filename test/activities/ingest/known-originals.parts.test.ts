import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { KnownOriginals } from '../../../src/activities/ingest/known-originals.ts';
import { vaultWriter } from '../../../src/activities/ingest/vault-writer.ts';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { parseVaultPublicKey } from '../../../src/crypto/vault/vault-envelope.ts';
import { sha256Masker } from '../../../src/domain/login/masking.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { batchToInsert, newIds } from '../../postgres/ingest/batch-to-insert.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { maskBodies } from '../../support/data/mask-bodies.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const vaultKey = parseVaultPublicKey(inject('keys')[KEY_FILE_NAMES.vaultPublicKey] ?? '');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

/** Stores a login of the device. @returns how many values it brought to the vault */
async function login(known: KnownOriginals, device: number): Promise<number> {
  const { rows, originals } = maskBodies([loginMessage(device)], sha256Masker);
  const sentAtMs = [Date.now()];
  const writer = vaultWriter(vaultKey, { rows, originals, sentAtMs }, known);
  let brought = 0;
  await insertBatch(database.pool, {
    ...batchToInsert({ rowIds: newIds(1) }),
    rows,
    async vault(state) {
      const sealed = await writer.seal(state);
      brought = sealed.sealedValues.length;
      return sealed;
    },
  });
  writer.committed();
  return brought;
}

const inVault = async () => (await database.pool.query('select from vault')).rowCount;

test('a device and an address that were stored before are not sealed again', async () => {
  const known = new KnownOriginals();
  expect([await login(known, 1), await login(known, 1), await login(known, 2)]).toEqual([2, 0, 2]);
  expect(await inVault()).toBe(4);
});

test('the next login stores an original again that was removed from the vault', async () => {
  const known = new KnownOriginals();
  await login(known, 3);
  await database.pool.query('delete from vault');
  expect(await login(known, 3)).toBe(2);
  await database.pool.query('truncate vault');
  expect([await login(known, 3), await login(known, 3)]).toEqual([2, 0]);
  expect(await inVault()).toBe(2);
});

test('an original that was not committed is not remembered', async () => {
  const known = new KnownOriginals();
  await database.pool.query('alter table vault add constraint none check (false) not valid');
  await expect(login(known, 4)).rejects.toThrow();
  await database.pool.query('alter table vault drop constraint none');
  expect(await login(known, 4)).toBe(2);
});

test('a process with another state of the vault in hand forgets nothing that it should keep, and keeps nothing else', () => {
  const known = new KnownOriginals();
  const sealed = {
    ...{ vaultKeyId: 'v', wrappedKey: Buffer.alloc(0), sealedValues: [] },
    ...{ fields: ['ip' as const], maskedValues: ['aa'] },
  };
  known.in('1');
  known.remember('1', sealed);
  expect([known.in('1')('ip', 'aa'), known.in('1')('device_id', 'aa')]).toEqual([true, false]);
  // A slower batch, of before something was taken out.
  known.in('2');
  known.remember('1', sealed);
  expect(known.in('2')('ip', 'aa')).toBe(false);
});

test('memory is bounded: the oldest are forgotten', () => {
  const known = new KnownOriginals();
  known.in('1');
  const values = (from: number) => Array.from({ length: 50_000 }, (_, n) => String(from + n));
  for (let from = 0; from < 500_000; from += 50_000) {
    const maskedValues = values(from);
    const fields = maskedValues.map(() => 'ip' as const);
    known.remember('1', {
      ...{ vaultKeyId: 'v', wrappedKey: Buffer.alloc(0), sealedValues: [] },
      ...{ fields, maskedValues },
    });
  }
  expect([known.in('1')('ip', '0'), known.in('1')('ip', '499999')]).toEqual([false, true]);
});
