import { randomBytes } from 'node:crypto';
import { type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import {
  RECOVERY_WORKFLOW_ID,
  RECOVERY_WORKFLOW_TYPE,
} from '../../../src/domain/recovery/recovery.ts';
import { jsonOf, loginEtl, startLoginEtl } from '../../cli/login-etl.ts';
import { replayQuarantined } from '../../replay/recorded-replays.ts';
import { addMaskingKey, custodianEnv, spawnCustodian } from '../../support/custodian.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type SavedDatabase, saveDatabase } from '../../support/servers/saved-database.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

const COUNT = 3_000;
const BATCH = 100;
const NO_JOURNAL = ['recover', '--since', '1h', '--no-journal', '--json'];

type Recovered = {
  counts: Record<string, number>;
  complete: boolean;
  missingKeys: string[];
};

let stack: FaultStack;
let saved: SavedDatabase;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600, ownPostgres: {} });
  saved = await saveDatabase(stack.postgres as TestPostgres);
});
afterAll(async () => {
  await stack?.stop();
  await saved?.remove();
});

const custodian = (maskingKeys = stack.env.MASKING_KEYS ?? '') => custodianEnv(stack, maskingKeys);

const workers: WorkerProcess[] = [];
async function spawnWorker(env: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await stack.spawnWorker(env);
  workers.push(worker);
  return worker;
}
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
});

/** Stores messages, and takes the database back to before. */
async function storedAndLost(payloadKeys?: string): Promise<string[]> {
  const worker = await spawnWorker(payloadKeys ? { PAYLOAD_KEYS: payloadKeys } : {});
  const ids = await stack.send(loginMessages(COUNT));
  const run = await stack.start({ batchSize: BATCH, lanes: 2 });
  // Its result may be sealed with a key that only the worker has.
  await until('the run has ended', async () => (await run.describe()).status.name === 'COMPLETED');
  await worker.kill();
  const { rows: reports } = await stack.pool.query<{ report: string }>(
    'select row_to_json(workers)::text as report from workers',
  );
  await saved.restore();
  // As if they had stopped before the backup: a rotation waits five minutes for a worker of which it has no report.
  await stack.pool.query(
    `insert into workers select report.* from unnest($1::json[]) as given (report)
       cross join json_populate_record(null::workers, given.report) as report on conflict do nothing`,
    [reports.map(({ report }) => report)],
  );
  await stack.pool.query('update workers set stopped_at = now()');
  expect(await storedMessages(stack)).toBe(0);
  return ids;
}

async function recover(): Promise<Recovered & { exitCode: number | null }> {
  const result = await loginEtl(custodian(), NO_JOURNAL);
  expect(result.stderr).toBe('');
  return { exitCode: result.exitCode, ...jsonOf<Recovered>(result) };
}

test(
  'a worker that is killed in the middle of a recovery, and a restore during it, lose nothing and store nothing twice',
  async () => {
    const ids = await storedAndLost();
    const command = startLoginEtl(custodian(), NO_JOURNAL);
    for (const share of [0.1, 0.4]) {
      const worker = await spawnWorker();
      await until('some are back', async () => (await storedMessages(stack)) >= share * COUNT);
      await worker.kill();
    }
    const between = await storedMessages(stack);
    expect(between).toBeLessThan(COUNT);
    await spawnWorker();
    const { exitCode, stderr } = await command.result;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await expectOnceEach(stack, ids);

    await saved.restore();
    expect((await recover()).counts).toMatchObject({ inserted: COUNT, alreadyThere: 0 });
    await expectOnceEach(stack, ids);
    expect((await recover()).counts).toMatchObject({ inserted: 0, alreadyThere: COUNT });
  },
  PATIENCE_MS,
);

test(
  'batches whose payload key is lost are counted, and come back when the key is there again',
  async () => {
    await stack.clear();
    await saved.restore();
    const lost = `{"active":"lost","keys":{"lost":"${randomBytes(32).toString('base64')}"}}`;
    const both = JSON.parse(stack.env.PAYLOAD_KEYS ?? '') as { active: string; keys: object };
    const withLost = JSON.stringify({
      active: 'lost',
      keys: { ...both.keys, ...(JSON.parse(lost) as { keys: object }).keys },
    });
    const since = new Date().toISOString();
    await storedAndLost(withLost);
    const worker = await spawnWorker();
    const without = await recover();
    expect(without).toMatchObject({ exitCode: 1, complete: false, missingKeys: ['lost'] });
    expect(without.counts.keyMissing).toBeGreaterThan(0);
    await worker.kill();
    const holder = await spawnWorker({
      PAYLOAD_KEYS: JSON.stringify({ ...JSON.parse(withLost), active: both.active }),
    });
    expect((await recover()).counts.keyMissing).toBe(0);
    const { rows } = await stack.pool.query<{ stored: number }>(
      `select count(*)::int as stored from user_logins join ingest_runs using (run_id) where started_at >= $1`,
      [since],
    );
    expect(rows[0]?.stored).toBe(COUNT);
    await holder.kill();
  },
  PATIENCE_MS,
);

test(
  'rows that come back during and after a rotation of the masking key are re-masked by the next one',
  async () => {
    await stack.clear();
    await saved.restore();
    const ids = await storedAndLost();
    const keys = addMaskingKey(stack.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
    await spawnWorker({ MASKING_KEYS: keys });
    workers.push(await spawnCustodian(stack, keys));
    const remask = async () => {
      const { exitCode, stderr } = await loginEtl(custodian(keys), [
        ...['remask', 'start', '--reason', 'test', '--wait'],
      ]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return stack.client.workflow.getHandle('rotate-masking-key').result();
    };
    const [, recovered] = await Promise.all([remask(), recover()]);
    expect(recovered.counts.inserted).toBeGreaterThanOrEqual(COUNT);
    await remask();
    const { rows } = await stack.pool.query(
      `select user_logins.mask_key_id as key, count(*)::int as rows, count(vault.*)::int as originals
       from user_logins left join vault on masked_value = decode(masked_device_id, 'hex') and field = 'device_id'
       where message_id = any($1) group by 1`,
      [ids],
    );
    expect(rows).toEqual([{ key: 'next', rows: COUNT, originals: COUNT }]);
  },
  PATIENCE_MS,
);

test(
  'what was replayed from quarantine after the restore point is a login once, and quarantined no more, whether the restore undoes its quarantining or not',
  async () => {
    await stack.clear();
    await saved.restore();
    const worker = await spawnWorker();
    const ids = await stack.send(Array.from({ length: 5 }, () => 'bad'));
    await stack.run();
    await worker.kill();
    const quarantined = await saveDatabase(stack.postgres as TestPostgres);
    const where = async () =>
      (
        await stack.pool.query(
          `select (select count(*)::int from user_logins where message_id = any($1)) as logins,
             (select count(*)::int from quarantine where message_id = any($1)) as quarantined`,
          [ids],
        )
      ).rows[0];
    try {
      const replaying = await spawnWorker();
      await replayQuarantined(stack, loginMessages(5));
      expect(await where()).toEqual({ logins: 5, quarantined: 0 });
      await replaying.kill();
      for (const [database, left] of [
        [quarantined, 5],
        [saved, 0],
      ] as const) {
        await database.restore();
        expect(await where()).toEqual({ logins: 0, quarantined: left });
        const recovering = await spawnWorker();
        expect(await recover()).toMatchObject({ exitCode: 0, complete: true });
        expect(await where()).toEqual({ logins: 5, quarantined: 0 });
        const again = await recover();
        expect(again.counts).toMatchObject({ inserted: 0, quarantined: 0 });
        expect(await where()).toEqual({ logins: 5, quarantined: 0 });
        await recovering.kill();
      }
    } finally {
      await quarantined.remove();
    }
  },
  PATIENCE_MS,
);

test(
  'a run whose history is gone counts as beyond retention: the recovery is not complete, and says so',
  async () => {
    await stack.clear();
    await saved.restore();
    const since = new Date().toISOString();
    await storedAndLost();
    const query = `WorkflowType = 'ingestLogins' AND StartTime >= '${since}'`;
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of stack.client.workflow.list({ query })) runs.push(run);
    expect(runs).not.toEqual([]);
    for (const { workflowId, runId, startTime } of runs) {
      const { namespace } = stack.client.options;
      const workflowExecution = { workflowId, runId };
      await stack.client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
      await until('its history is gone', () =>
        stack.client.workflow
          .getHandle(workflowId, runId)
          .describe()
          .then(
            () => false,
            (error: unknown) => error instanceof WorkflowNotFoundError,
          ),
      );
      // As its first batch wrote it, if the restore point is after that.
      await stack.pool.query(
        `insert into ingest_runs (run_id, workflow_id, worker_build, started_at) values ($1, $2, 'test', $3)`,
        [runId, workflowId, startTime],
      );
    }
    await spawnWorker();
    const { exitCode, complete, counts } = await recover();
    expect({ exitCode, complete }).toEqual({ exitCode: 1, complete: false });
    expect(counts.beyondRetention).toBe(runs.length);
    const { stdout } = await loginEtl(custodian(), ['recover', '--since', '1h', '--no-journal']);
    expect(stdout).toContain(`${runs.length} runs beyond retention`);
    expect(stdout).not.toContain('nothing is missing');
    const early = ['recover', '--since', '2020-01-01T00:00:00Z', '--no-journal'];
    const { stdout: tooEarly } = await loginEtl(custodian(), early);
    expect(tooEarly).toContain('Temporal keeps no history of runs that closed before');
  },
  PATIENCE_MS,
);

test('a recovery that nobody has requested is refused, and so is a plain input', async () => {
  await spawnWorker();
  const start = (args: unknown) =>
    stack.client.workflow.execute(RECOVERY_WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: RECOVERY_WORKFLOW_ID,
      args: [args],
    });
  await expect(start({ requestId: 'made-up' })).rejects.toMatchObject({
    cause: { cause: { type: 'RecoveryRefused' } },
  });
  await expect(start(undefined)).rejects.toThrow();
  const { exitCode, stderr } = await loginEtl(custodian(), ['recover', '--since', '1h']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--no-journal');
});

test('nothing is recovered while a run is open that is not paused', async () => {
  await stack.send(loginMessages(500));
  const run = await stack.start({ batchSize: 1, lanes: 1 });
  const { exitCode, stderr } = await loginEtl(custodian(), NO_JOURNAL);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('login-etl pause');
  await run.terminate();
});
