import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SealedOriginals } from '../../../src/batch/batch.ts';
import type { MaskedField } from '../../../src/domain/login/login-columns.ts';
import { inTransaction } from '../../../src/postgres/in-transaction.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import {
  type ErasureJournal,
  eraseJournaled,
} from '../../../src/postgres/recovery/erasure-journal.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds } from '../ingest/batch-to-insert.ts';

/** The journal's erasure, an hour after the messages before it and an hour before those after it. */
const ERASED_AT = Date.UTC(2026, 10, 22, 12);
const BEFORE = ERASED_AT - 3_600_000;
const AFTER = ERASED_AT + 3_600_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('truncate user_logins, vault, erased_values'));
afterAll(() => database?.remove());

const masked = (value: string): string => Buffer.from(value.padEnd(32)).toString('hex');

/** A login of an account on a device. Its original is sealed unless it was erased, as a worker or a recovery does it. */
async function login(userId: string, device: string, sentAtMs: number): Promise<void> {
  const hex = masked(device);
  const batch = batchToInsert({ rowIds: newIds(1), userId: () => userId, sentAtMs });
  await insertBatch(database.pool, {
    ...batch,
    rows: { ...batch.rows, maskedDeviceIds: [hex], maskedIps: [masked(`of ${userId}`)] },
    vault: async ({ isErased }) =>
      sealed(isErased('device_id', hex, sentAtMs, userId) ? [] : [hex]),
  });
}

const sealed = (hexes: readonly string[]): SealedOriginals => ({
  ...{ vaultKeyId: 'vault-1', wrappedKey: Buffer.from('wrapped') },
  fields: hexes.map((): MaskedField => 'device_id'),
  maskedValues: [...hexes],
  sealedValues: hexes.map((hex) => Buffer.from(`sealed ${hex}`)),
});

/** The journal's hashes of values are of another masking key, whose rotation was undone by the restore. */
const journal = (keepShared: boolean): ErasureJournal => ({
  ...{ takenAt: new Date(AFTER).toISOString(), departures: [] },
  values: [{ hash: 'ab'.repeat(32), erasedAt: new Date(ERASED_AT).toISOString() }],
  accounts: [
    {
      auditHash: 'cd'.repeat(32),
      at: new Date(ERASED_AT).toISOString(),
      userId: 'erased',
      keepShared,
    },
  ],
});

const eraseAgain = (when: 'before' | 'after', keepShared = false) =>
  inTransaction(database.pool, 'begin', (client) =>
    eraseJournaled(client, journal(keepShared), when),
  );

async function devicesInVault(): Promise<string[]> {
  const { rows } = await database.pool.query<{ device: string }>(
    `select rtrim(convert_from(masked_value, 'UTF8')) as device from vault order by 1`,
  );
  return rows.map(({ device }) => device);
}

test('a value that an erased account shared stays erased, though only the message of another account brings it back under the old masking key', async () => {
  await eraseAgain('before');
  await login('other', 'shared', BEFORE);
  await login('erased', 'shared', BEFORE);
  await login('erased', 'own', BEFORE);
  expect(await devicesInVault()).toEqual(['shared']);
  await eraseAgain('after');
  expect(await devicesInVault()).toEqual([]);
  await login('other', 'shared', BEFORE);
  expect(await devicesInVault()).toEqual([]);
});

test('a shared value that the erasure kept is there again, also if the other account comes back last', async () => {
  await login('erased', 'shared', BEFORE);
  await login('erased', 'own', BEFORE);
  await eraseAgain('before', true);
  expect(await devicesInVault()).toEqual([]);
  await login('other', 'shared', BEFORE);
  await eraseAgain('after', true);
  expect(await devicesInVault()).toEqual(['shared']);
});

test.each([false, true])(
  'what messages brought after the erasure stays, also of the account (keeps shared values: %s)',
  async (keepShared) => {
    await login('erased', 'own', BEFORE);
    await login('erased', 'again', BEFORE);
    await eraseAgain('before', keepShared);
    await login('erased', 'again', AFTER);
    await login('erased', 'new', AFTER);
    await eraseAgain('after', keepShared);
    await eraseAgain('before', keepShared);
    expect(await devicesInVault()).toEqual(['again', 'new']);
  },
);
