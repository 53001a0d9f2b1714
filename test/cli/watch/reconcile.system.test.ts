import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/domain/run-record.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { closeRun } from '../../../src/postgres/runs/close-run.ts';
import { batchToInsert, newIds, newTag } from '../../postgres/ingest/batch-to-insert.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { reconcileCommand, reconcileJson } from '../../support/reconcile-command.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

describe('a ledger of one run', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let runId: string;
  let rowIds: string[];
  let quarantineIds: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { DATABASE_URL: database.urls.worker };
  });
  afterAll(() => database?.remove());

  /** Ten rows and two quarantined messages, three duplicates: all of it acknowledged. */
  beforeEach(async () => {
    await database.pool.query(
      'truncate user_logins, quarantine, quarantine_departures, ingest_runs, ingest_batches',
    );
    rowIds = newIds(10);
    quarantineIds = newIds(2);
    const tag = { ...newTag(1), startedAtMs: Date.now() };
    runId = tag.runId;
    const batch = batchToInsert({ rowIds, quarantineIds, tag });
    const sentNow = (ids: string[]) => ids.map(() => Date.now());
    await insertBatch(database.pool, {
      ...batch,
      sentAtMs: sentNow(rowIds),
      quarantine: { ...batch.quarantine, sentAtMs: sentNow(quarantineIds) },
    });
    await close({});
  });

  async function close(changes: Partial<RunRecord>): Promise<void> {
    const record: RunRecord = {
      runId,
      workflowId: 'workflow',
      startedAtMs: Date.now(),
      finishedAtMs: Date.now(),
      outcome: 'completed',
      counts: {
        received: 15,
        inserted: 10,
        duplicates: 3,
        quarantined: 2,
        acknowledged: 15,
        batches: 1,
      },
      ...changes,
    };
    await closeRun(database.pool, record, 'build');
  }

  async function findings(): Promise<unknown[]> {
    const { exitCode, json } = await reconcileJson(env);
    expect(exitCode).toBe(1);
    expect(json.addsUp).toBe(false);
    return json.findings;
  }

  test('that adds up is shown with its counts, and the command exits with 0', async () => {
    const { exitCode, stdout } = await reconcileCommand(env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/workflow +completed +15 +10 +3 +2 +15 +0$/m);
    expect(stdout).toMatch(/total +15 +10 +3 +2 +15 +0$/m);
    expect(stdout).toContain('everything adds up');
    const { json } = await reconcileJson(env);
    expect(json).toMatchObject({
      addsUp: true,
      runs: [{ runId, state: 'completed', rowsInUserLogins: 10, rowsInQuarantine: 2, open: 0 }],
      total: { received: 15, inserted: 10, duplicates: 3, quarantined: 2, acknowledged: 15 },
      findings: [],
    });
  });

  test('a row that was deleted by hand is missed, and the run named', async () => {
    await database.pool.query('delete from user_logins where message_id = $1', [rowIds[3]]);
    const problem = 'the ledger says that it stored 10 row(s) in user_logins, which has 9';
    expect(await findings()).toEqual(
      [
        problem,
        'acknowledged 15 messages, of which 14 are in the tables',
        'missing from user_logins: 1 of the 10 row(s) that batch 1 stored',
      ].map((each) => ({ runId, workflowId: 'workflow', problem: each })),
    );
    const { exitCode, stdout } = await reconcileCommand(env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`✗ workflow, run ${runId}: ${problem}`);
  });

  test('a quarantined message that was deleted by hand is missed', async () => {
    await database.pool.query('delete from quarantine where message_id = $1', [quarantineIds[0]]);
    expect(await findings()).toEqual(
      [
        /2 .* quarantine, which has 1/,
        /acknowledged 15 messages, of which 14/,
        /missing from quarantine, and not recorded as departed: 1 of/,
      ].map((problem) => expect.objectContaining({ problem: expect.stringMatching(problem) })),
    );
  });

  test.each([
    ['has another id', `set message_id = 'another'`],
    ['is of another day', `set create_date = create_date - 1`],
  ])('a row that %s now is missed, although the count is right', async (_, change) => {
    await database.pool.query(`update user_logins ${change} where message_id = $1`, [rowIds[3]]);
    const problem =
      'in user_logins, in place of some of the 10 row(s) that batch 1 stored: other messages';
    expect(await findings()).toEqual([{ runId, workflowId: 'workflow', problem }]);
  });

  test('a quarantined message that was replaced is missed, although the count is right', async () => {
    await database.pool.query(
      `update quarantine set message_id = 'another' where message_id = $1`,
      [quarantineIds[0]],
    );
    expect(await findings()).toEqual([
      expect.objectContaining({
        problem: expect.stringMatching(/missing from quarantine, .*: 1 of/),
      }),
    ]);
  });

  test('a message that left quarantine on the record is not missed', async () => {
    await database.pool.query(
      `with gone as (delete from quarantine where message_id = $1 returning *)
       insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
       select message_id, run_id, quarantined_at, 'discarded' from gone`,
      [quarantineIds[0]],
    );
    expect((await reconcileJson(env)).json.findings).toEqual([]);
  });

  test('rows of a run that was terminated are missed as well', async () => {
    await database.pool.query(`
      update ingest_runs set finished_at = null, outcome = null, received = null`);
    await database.pool.query('delete from user_logins where message_id = any($1)', [
      rowIds.slice(0, 4),
    ]);
    const problem = 'missing from user_logins: 4 of the 10 row(s) that batch 1 stored';
    expect(await findings()).toEqual([{ runId, workflowId: 'workflow', problem }]);
  });

  test('a duplicate is named when the row that another run had stored is gone', async () => {
    const tag = { ...newTag(1), startedAtMs: Date.now() };
    const again = batchToInsert({ rowIds, tag, sentAtMs: Date.now() });
    expect(await insertBatch(database.pool, again)).toMatchObject({ inserted: 0, duplicates: 10 });
    const counts = { received: 10, inserted: 0, duplicates: 10, quarantined: 0 };
    await close({ runId: tag.runId, counts: { ...counts, acknowledged: 10, batches: 1 } });
    expect((await reconcileJson(env)).json.findings).toEqual([]);
    await database.pool.query(
      `update ingest_runs set started_at = now() - interval '9 days' where run_id = $1`,
      [runId],
    );
    await database.pool.query('delete from user_logins where message_id = $1', [rowIds[3]]);
    await database.pool.query(`update user_logins set inserted_at = now() - interval '9 days'`);
    await database.pool.query(`update quarantine set quarantined_at = now() - interval '9 days'`);
    expect(await findings()).toEqual(
      [
        'acknowledged 10 messages, of which 9 are in the tables',
        `missing from both tables: 1 of its duplicates (${rowIds[3]})`,
      ].map((problem) => ({ runId: tag.runId, workflowId: 'workflow', problem })),
    );
  });

  test('batches of a build that recorded none are judged by their run alone', async () => {
    await database.pool.query('delete from ingest_batches');
    expect((await reconcileJson(env)).json.findings).toEqual([]);
    await database.pool.query('delete from user_logins where message_id = $1', [rowIds[3]]);
    expect(await findings()).toHaveLength(2);
  });

  test.each([
    ['received', 16, /received 16, but .* make 15/],
    ['inserted', 9, /9 row\(s\) in user_logins, which has 10/],
    ['duplicates', 4, /duplicates 4 .* make 16/],
    ['acknowledged', 16, /acknowledged 16 messages, of which 15 are in the tables/],
  ])('a count of %s that was changed by hand is found', async (column, value, problem) => {
    await database.pool.query(`update ingest_runs set ${column} = $1`, [value]);
    expect(await findings()).toContainEqual({
      runId,
      workflowId: 'workflow',
      problem: expect.stringMatching(problem),
    });
  });

  test('rows of a run that the ledger does not know are found', async () => {
    const stranger = randomUUID();
    await database.pool.query('update user_logins set run_id = $1 where message_id = $2', [
      stranger,
      rowIds[0],
    ]);
    expect(await findings()).toContainEqual({
      runId: stranger,
      workflowId: null,
      problem: expect.stringMatching(/does not know the run, of which there are 1 row/),
    });
  });

  test('a message in both tables is found', async () => {
    await database.pool.query(
      `insert into quarantine select message_id, create_date, sent_at, 'by hand', '', 'k', now(), run_id, 1
       from user_logins where message_id = $1`,
      [rowIds[5]],
    );
    expect(await findings()).toContainEqual({
      runId: null,
      workflowId: null,
      problem: '1 message(s) are in user_logins and in quarantine',
    });
  });

  test('messages that a failed run received and did not store are open, and not a finding', async () => {
    const counts = {
      received: 40,
      inserted: 10,
      duplicates: 3,
      quarantined: 2,
      acknowledged: 15,
      batches: 2,
    };
    await close({ outcome: 'failed', counts });
    const { exitCode, json } = await reconcileJson(env);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ open: 25, runs: [{ state: 'failed', open: 25 }] });
  });

  test('runs from before --since and their rows are left out', async () => {
    await database.pool.query(`update ingest_runs set started_at = now() - interval '9 days'`);
    await database.pool.query(`update user_logins set inserted_at = now() - interval '9 days'`);
    await database.pool.query(`update quarantine set quarantined_at = now() - interval '9 days'`);
    expect((await reconcileJson(env)).json).toMatchObject({ addsUp: true, runs: [] });
    const { json } = await reconcileJson(env, '--since', '10d');
    expect(json).toMatchObject({ addsUp: true, runs: [{ runId }] });
  });

  test('an invalid --since is a usage error', async () => {
    for (const since of ['yesterday', '2026-13-41', '7', '']) {
      expect((await reconcileCommand(env, '--since', since)).exitCode).toBe(2);
    }
  });

  test('a database without the tables is a problem that names the next step', async () => {
    const empty = await createTestDatabase({ migrated: false });
    try {
      const { exitCode, stderr } = await reconcileCommand({ DATABASE_URL: empty.url });
      expect(exitCode).toBe(1);
      expect(stderr).toContain('login-etl migrate');
    } finally {
      await empty.remove();
    }
  });
});

describe('a run that has not closed', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
    await stack.startWorker();
  });
  beforeEach(async () => {
    await stack.clear();
    await stack.pool.query('truncate ingest_runs');
  });
  afterEach(() => stack?.sqs.proxy.setFault());
  afterAll(() => stack?.stop());

  /** A run that has stored five messages and waits for SQS to delete them. */
  async function untilAcknowledging() {
    await stack.send(loginMessages(5));
    const { promise: acknowledging, resolve } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    stack.sqs.proxy.setFault(async (call, passOn) => {
      if (call.action === 'DeleteMessageBatch') {
        resolve();
        await released;
      }
      return passOn();
    });
    const run = await stack.start();
    await acknowledging;
    return { run, release };
  }

  test('is running: its rows are shown apart from counted ones', async () => {
    const { run, release } = await untilAcknowledging();
    const { exitCode, json } = await reconcileJson(stack.env);
    release();
    await run.result();
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      runs: [{ workflowId: run.workflowId, state: 'running', rowsInUserLogins: 5 }],
      total: { inserted: 0 },
      rowsOfUnclosedRuns: 5,
    });
    expect((await reconcileJson(stack.env)).json).toMatchObject({
      addsUp: true,
      runs: [{ state: 'completed' }],
      total: { received: 5, inserted: 5, acknowledged: 5 },
    });
  });

  test('was terminated: what it stored counts as stored, and its row says so', async () => {
    const { run, release } = await untilAcknowledging();
    await run.terminate('by the test');
    release();
    const { exitCode, stdout } = await reconcileCommand(stack.env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/terminated +\(5\) +\(0\)/);
    expect(stdout).toContain('and 5 row(s) of runs that have not closed');
  });

  test('has ended according to Temporal: the ledger was changed', async () => {
    await stack.send(loginMessages(5));
    await stack.run();
    await stack.pool.query(`
      update ingest_runs set finished_at = null, outcome = null, received = null`);
    const { exitCode, json } = await reconcileJson(stack.env);
    expect(exitCode).toBe(1);
    expect(json.findings).toEqual([
      expect.objectContaining({ problem: expect.stringContaining('come to its end') }),
    ]);
  });

  test('cannot be checked without Temporal: the output says so, and it is not a finding', async () => {
    const { run, release } = await untilAcknowledging();
    const { exitCode, stderr, json } = await reconcileJson({
      ...stack.env,
      TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
    });
    release();
    await run.result();
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Temporal cannot be asked');
    expect(json).toMatchObject({ runs: [{ state: 'unknown' }] });
  });
});
