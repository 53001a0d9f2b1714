import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { inTransaction } from '../../../src/postgres/in-transaction.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { leaveQuarantine } from '../../../src/postgres/quarantine/leave-quarantine.ts';
import {
  endRelease,
  releaseQuarantined,
} from '../../../src/postgres/quarantine/release-quarantined.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, insertFitting, newIds, newTag } from './batch-to-insert.ts';

let database: TestDatabase;
let worker: Pool;
let custodian: Pool;
let ids: string[];
let replayId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const poolOf = (connectionString: string) =>
    postgresPool({ connectionString }, { applicationName: 'test' });
  worker = poolOf(database.urls.worker);
  custodian = poolOf(database.urls.custodian);
});
afterAll(async () => {
  await worker?.end();
  await custodian?.end();
  await database?.remove();
});
beforeEach(async () => {
  await database.pool.query(
    'truncate user_logins, quarantine, quarantine_departures, ingest_runs, vault, vault_data_keys',
  );
  ids = newIds(4);
  replayId = randomUUID();
  await insertBatch(worker, batchToInsert({ quarantineIds: ids }));
});

const idsIn = async (table: string): Promise<string[]> =>
  (await database.pool.query<{ id: string }>(`select message_id as id from ${table}`)).rows
    .map(({ id }) => id)
    .toSorted();

const take = (messageIds: string[], cause: 'erased' | 'discarded') =>
  inTransaction(custodian, 'begin', (client) => leaveQuarantine(client, { messageIds }, cause));

/** Two that are login events now, two that still are none. */
const replayed = () => ({
  ...batchToInsert({ rowIds: ids.slice(0, 2), quarantineIds: ids.slice(2), tag: newTag() }),
  replayId,
});

describe('a batch of a replay', () => {
  test('takes its messages out of quarantine with the transaction that stores them', async () => {
    await releaseQuarantined(custodian, replayId, ids);
    expect(await insertBatch(worker, replayed())).toMatchObject({ inserted: 2, quarantined: 2 });
    expect(await idsIn('user_logins')).toEqual(ids.slice(0, 2).toSorted());
    expect(await idsIn('quarantine')).toEqual(ids.slice(2).toSorted());
    expect(await idsIn('quarantine_departures')).toEqual(ids.toSorted());
  });

  test('tried again, since its answer was lost, answers the same and changes nothing', async () => {
    await releaseQuarantined(custodian, replayId, ids);
    const batch = replayed();
    const answer = await insertBatch(worker, batch);
    expect(await insertBatch(worker, batch)).toEqual(answer);
    expect(await idsIn('quarantine')).toEqual(ids.slice(2).toSorted());
    expect(await idsIn('quarantine_departures')).toHaveLength(4);
  });

  test('leaves all as it was when it fails', async () => {
    await releaseQuarantined(custodian, replayId, ids);
    const batch = replayed();
    const tooLong = { ...batch.rows, userIds: ['x'.repeat(200), 'y'] };
    await expect(insertBatch(worker, { ...batch, rows: tooLong })).rejects.toThrow();
    expect(await idsIn('quarantine')).toEqual(ids.toSorted());
    expect(await idsIn('user_logins')).toEqual([]);
    expect(await idsIn('quarantine_departures')).toEqual([]);
  });

  test.each([
    ['were never released', async () => undefined],
    ['were released for another', () => releaseQuarantined(custodian, randomUUID(), ids)],
    [
      'were released until its end',
      async () => {
        await releaseQuarantined(custodian, replayId, ids);
        expect(await endRelease(custodian, replayId)).toBe(4);
      },
    ],
  ])('takes no messages that %s, and stores them nowhere else', async (_how, arrange) => {
    await arrange();
    expect(await insertBatch(worker, replayed())).toMatchObject({ inserted: 0, quarantined: 0 });
    expect(await idsIn('quarantine')).toEqual(ids.toSorted());
    expect(await idsIn('user_logins')).toEqual([]);
  });

  test('stores no message that is in neither table, whatever took it out, nor its originals', async () => {
    await take(ids.slice(0, 1), 'erased');
    await take(ids.slice(2, 3), 'discarded');
    await releaseQuarantined(custodian, replayId, ids);
    await database.pool.query(
      `delete from quarantine where message_id = '${ids[1]}'; delete from quarantine where message_id = '${ids[3]}'`,
    );
    const vault = vi.fn(batchToInsert({}).vault);
    expect(await insertBatch(worker, { ...replayed(), vault })).toEqual({
      ...{ inserted: 0, quarantined: 0, duplicates: 4 },
    });
    expect(vault.mock.calls[0]?.[1]).toEqual(new Set([0, 1]));
    expect(await idsIn('quarantine')).toEqual([]);
    expect(await idsIn('user_logins')).toEqual([]);
  });

  test('of which rows are refused never leaves a message in neither table', async () => {
    await database.pool.query(
      `alter table user_logins add constraint no_robots check (user_id <> 'robot')`,
    );
    await releaseQuarantined(custodian, replayId, ids);
    const userId = (index: number) => (index === 0 ? 'robot' : 'ann');
    const batch = batchToInsert({
      ...{ rowIds: ids.slice(0, 2), quarantineIds: ids.slice(2), tag: newTag(), userId },
    });
    // Between the transaction that tries the rows and the one that stores the rest.
    const stop = () => {
      throw new Error('the worker dies');
    };
    const insert = (onProgress = () => undefined) =>
      insertFitting(worker, { ...batch, replayId }, { onProgress });
    await expect(insert(stop)).rejects.toThrow('dies');
    const quarantined = ids.filter((id) => id !== ids[1]).toSorted();
    expect(await idsIn('quarantine')).toEqual(quarantined);
    const stored = await insert();
    await database.pool.query('alter table user_logins drop constraint no_robots');
    expect(stored).toMatchObject({ inserted: 1, quarantined: 2, refused: [{ index: 0 }] });
    expect(await idsIn('quarantine')).toEqual(quarantined);
    expect(await idsIn('user_logins')).toEqual([ids[1]]);
  });
});

describe('a message that a custodian took out of quarantine', () => {
  const deliver = (rowIds: string[], quarantineIds: string[]) =>
    insertFitting(worker, batchToInsert({ rowIds, quarantineIds, tag: newTag() }));

  test.each(['erased', 'discarded'] as const)(
    'and %s does not come back when it is delivered again, as a row or otherwise',
    async (cause) => {
      await take(ids.slice(0, 2), cause);
      expect(await deliver(ids.slice(0, 1), ids.slice(1, 2))).toMatchObject({
        ...{ inserted: 0, quarantined: 0, duplicates: 2, refused: [] },
      });
      expect(await idsIn('quarantine')).toEqual(ids.slice(2).toSorted());
      expect(await idsIn('user_logins')).toEqual([]);
    },
  );

  test('brings no original, not even when its batch has to go in row by row', async () => {
    await take(ids.slice(0, 1), 'erased');
    const [other, robot] = newIds(2) as [string, string];
    await database.pool.query(
      `alter table user_logins add constraint no_robots check (user_id <> 'robot')`,
    );
    const userId = (index: number) => (index === 2 ? 'robot' : 'ann');
    const rowIds = [ids[0] as string, other, robot];
    const sealed: unknown[] = [];
    const stored = await insertFitting(worker, batchToInsert({ rowIds, userId }), {
      vaultFor: ({ rows }) => ({
        seal: async (state) => {
          sealed.push(rows.maskedIps);
          return batchToInsert({}).vault(state, new Set());
        },
        committed: () => undefined,
      }),
    });
    await database.pool.query('alter table user_logins drop constraint no_robots');
    expect(stored).toMatchObject({ inserted: 1, duplicates: 1, refused: [{ index: 2 }] });
    expect(await idsIn('user_logins')).toEqual([other]);
    // The first attempt fails with the robot.
    expect(sealed).toEqual([['ip-1', 'ip-2'], ['ip-1'], ['ip-1']]);
  });
});
