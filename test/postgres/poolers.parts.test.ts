import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAuditRecord } from '../../src/postgres/audit/append-audit-record.ts';
import { checkDatabase } from '../../src/postgres/check-database.ts';
import { awaitInserts } from '../../src/postgres/ingest/await-inserts.ts';
import { insertBatch } from '../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { closeRun } from '../../src/postgres/runs/close-run.ts';
import { readLedger } from '../../src/postgres/runs/read-ledger.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../support/servers/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import {
  batchToInsert,
  insertFitting,
  newIds,
  newTag,
  SENT_AT_MS,
} from './ingest/batch-to-insert.ts';

const INSTALLED = hasPgbouncer();
if (!INSTALLED) {
  process.stderr.write('SKIPPED: pgbouncer is not installed: apt-get install pgbouncer\n');
}

const LANES = 8;
const BATCHES = 12;

describe.skipIf(!INSTALLED).each(['session', 'transaction'] as const)(
  'behind PgBouncer in %s mode, with its default settings,',
  (mode) => {
    let database: TestDatabase;
    let pooler: Pgbouncer;
    const pools: TestDatabase['pool'][] = [];
    const poolOf = (url: string, settings = {}) => {
      const pool = postgresPool(
        { connectionString: pooler.through(url), ...settings },
        { applicationName: 'test' },
      );
      pools.push(pool);
      return pool;
    };

    beforeAll(async () => {
      database = await createTestDatabase();
      pooler = await startPgbouncer(
        [database.url, database.urls.worker, database.urls.custodian],
        mode,
      );
    });
    afterAll(async () => {
      for (const pool of pools) await pool.end();
      await pooler?.stop();
      await database?.remove();
    });

    test('the tables are migrated', async () => {
      expect(await migrate(poolOf(database.url))).toMatchObject({ applied: [] });
    });

    test('a run’s batches are stored from many lanes, and its ledger is closed and read', async () => {
      const worker = poolOf(database.urls.worker);
      await checkDatabase(worker);
      const tag = newTag();
      await Promise.all(
        Array.from({ length: LANES }, async (_, lane) => {
          for (let batch = 0; batch < BATCHES; batch += 1) {
            await insertBatch(
              worker,
              batchToInsert({
                rowIds: newIds(20),
                quarantineIds: batch % 4 === 0 ? newIds(1) : [],
                tag: { ...tag, number: lane * BATCHES + batch },
              }),
            );
          }
        }),
      );
      const counts = {
        ...{ received: 1, inserted: 1, duplicates: 0, quarantined: 0, acknowledged: 1, batches: 1 },
      };
      const { runId, workflowId, startedAtMs } = tag;
      const finishedAtMs = startedAtMs + 1;
      await closeRun(
        worker,
        { runId, workflowId, startedAtMs, finishedAtMs, outcome: 'completed', counts },
        'test',
      );
      const { runs } = await readLedger(worker, new Date(SENT_AT_MS - 1_000));
      expect(runs).toMatchObject([
        {
          rowsInUserLogins: LANES * BATCHES * 20,
          rowsInQuarantine: (LANES * BATCHES) / 4,
        },
      ]);
    });

    test('rows are refused one by one', async () => {
      await database.pool.query(
        `alter table user_logins add constraint no_robots check (user_id <> 'robot')`,
      );
      const userId = (index: number) => (index === 1 ? 'robot' : 'person');
      const batch = batchToInsert({ rowIds: newIds(3), userId });
      expect(await insertFitting(poolOf(database.urls.worker), batch)).toMatchObject({
        inserted: 2,
        refused: [{ index: 1 }],
      });
    });

    test('a custodian’s acts are recorded, and inserts awaited', async () => {
      const custodian = poolOf(database.urls.custodian);
      await appendAuditRecord(custodian, { action: 'test', reason: 'test', detail: {} });
      await awaitInserts(custodian);
    });

    test('a statement is ended after its timeout', async () => {
      const impatient = poolOf(database.urls.worker, { statement_timeout: 300 });
      await expect(impatient.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
    });
  },
);
