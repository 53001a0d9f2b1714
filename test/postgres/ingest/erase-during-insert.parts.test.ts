import type { Pool, PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { boundedTransaction } from '../../../src/postgres/bounded-transaction.ts';
import { insertBatch, insertWithin } from '../../../src/postgres/ingest/insert-batch.ts';
import { lockInserts } from '../../../src/postgres/ingest/insert-lock.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { leaveQuarantine } from '../../../src/postgres/quarantine/leave-quarantine.ts';
import { eraseOriginals } from '../../../src/postgres/vault/erase-originals.ts';
import { LOCK_VAULT } from '../../../src/postgres/vault/vault-lock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';
import { batchToInsert, newIds } from './batch-to-insert.ts';

const IP = 'ab'.repeat(32);

let database: TestDatabase;
let worker: Pool;
let custodian: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  const poolOf = (connectionString: string) =>
    postgresPool({ connectionString }, { applicationName: 'test' });
  worker = poolOf(database.urls.worker);
  custodian = poolOf(database.urls.custodian);
});
beforeEach(() =>
  database.pool.query(
    'truncate user_logins, quarantine, quarantine_departures, vault, vault_data_keys, erased_values',
  ),
);
afterAll(async () => {
  await worker?.end();
  await custodian?.end();
  await database?.remove();
});

const login = (rowIds = newIds(1)) => ({
  ...batchToInsert({ rowIds, originals: [['ip', IP]] }),
  rows: { ...batchToInsert({ rowIds }).rows, maskedIps: [IP] },
});

const targets = [
  ['its value', { values: [{ field: 'ip', maskedHex: IP }] }],
  ['its account', { userId: 'user-0', keepShared: false }],
] as const;

/** Runs `act` in a transaction that stays open until the function that it returns is called. */
async function keptOpen(
  pool: Pool,
  lock: string | undefined,
  act: (client: PoolClient) => unknown,
) {
  const acted = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const done = boundedTransaction(pool, lock, async (client) => {
    await act(client);
    acted.resolve();
    await gate.promise;
  });
  await Promise.race([acted.promise, done]);
  return async () => {
    gate.resolve();
    await done;
  };
}

/** Until the other has ended, or waits for a lock. */
async function untilItWaits(other: Promise<unknown>): Promise<void> {
  let ended = false;
  other.then(
    () => (ended = true),
    () => (ended = true),
  );
  const waits = async () =>
    (await waitingSessions(database.pool, { table: 'login_etl_insert_lock' })) === 1;
  await expect.poll(async () => ended || (await waits()), { timeout: 4_000 }).toBe(true);
}

const originals = async () => (await database.pool.query('select from vault')).rowCount;

test.each(targets)('an original of an insert under way is erased with %s', async (_by, target) => {
  // The account's values are known from a row before.
  await insertBatch(worker, login());
  const commit = await keptOpen(worker, undefined, async (client) => {
    await database.pool.query('delete from vault');
    await lockInserts(client, 'shared');
    await insertWithin(client, login());
  });
  const erasing = boundedTransaction(custodian, LOCK_VAULT, (client) =>
    eraseOriginals(client, target),
  );
  await untilItWaits(erasing);
  await commit();
  expect(await erasing).toMatchObject({ ips: 1 });
  expect(await originals()).toBe(0);
});

test('an insert that begins during an erasure waits, and sees what was erased', async () => {
  const [, [, target]] = targets;
  await insertBatch(worker, login());
  const commit = await keptOpen(custodian, LOCK_VAULT, (client) => eraseOriginals(client, target));
  const erased: boolean[] = [];
  const batch = login();
  const inserting = insertBatch(worker, {
    ...batch,
    async vault({ isErased }, leftOut) {
      erased.push(isErased('ip', IP, batch.sentAtMs[0] as number, 'somebody'));
      return batchToInsert({}).vault({ state: '', isErased }, leftOut);
    },
  });
  await untilItWaits(inserting);
  await commit();
  await inserting;
  expect(erased).toEqual([true]);
});

test.each(['erased', 'discarded'] as const)(
  'a message that is being %s from quarantine does not become a row meanwhile',
  async (cause) => {
    const ids = newIds(1);
    await insertBatch(worker, batchToInsert({ quarantineIds: ids }));
    const commit = await keptOpen(custodian, undefined, (client) =>
      leaveQuarantine(client, { messageIds: ids }, cause),
    );
    const inserting = insertBatch(worker, login(ids));
    await untilItWaits(inserting);
    await commit();
    expect(await inserting).toMatchObject({ inserted: 0, duplicates: 1 });
    expect((await database.pool.query('select from user_logins')).rowCount).toBe(0);
  },
);
