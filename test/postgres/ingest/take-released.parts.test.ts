import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import {
  endRelease,
  releaseQuarantined,
} from '../../../src/postgres/quarantine/release-quarantined.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds, newTag } from './batch-to-insert.ts';

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
});
