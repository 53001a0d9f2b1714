import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startTemporalServer } from '../../../src/local/temporal/temporal-server.ts';
import { createSchedule } from '../../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../../src/temporal/schedule/set-paused.ts';
import { loginEtl } from '../../cli/in-process.ts';
import {
  followSection,
  NOT_FOLLOWED,
  RUNBOOK_ALERTS,
  runbookSection,
} from '../../docs/runbook-section.ts';
import { type Prometheus, startPrometheus } from '../../observability/prometheus.ts';
import { quick, writeQuickRules } from '../../observability/quick-rules.ts';
import { addMaskingKey, custodianEnv } from '../../support/custodian.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { sqsError } from '../../support/servers/sqs-proxy.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { UndoList } from '../../support/undo-list.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';

/**
 * Each alert: the state in which it fires, by its real expression over what the real worker serves; what the runbook says
 * to do; and that it ends. Only the time is shortened: see `quick-rules.ts`. The tests build on one another.
 */
const WITHIN = { timeout: 120_000, interval: 250 };
const HOURLY = { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 };
const EVERY_SECOND = { when: { everyMs: 1_000 }, catchupWindowMs: 10_000 };
const BUILD = { TEMPORAL_DEPLOYMENT_NAME: 'logins', TEMPORAL_WORKER_BUILD_ID: '1' };
const NEW_KEY = '2026-11';

const undo = new UndoList();
const done = new Set<string>();
const addresses = { metrics: '', health: '', otherMetrics: '', otherHealth: '' };
let stack: Stack;
let prometheus: Prometheus;
let worker: WorkerProcess;
let temporalFile: string;
/** What node_exporter serves of the backup job's file. */
let backupFile = '';

beforeAll(async () => {
  const directory = await makeTestDirectory('alerts');
  undo.push(() => rm(directory, { recursive: true, force: true }));
  temporalFile = join(directory, 'temporal.db');
  stack = await startStack({ temporalDatabaseFile: temporalFile });
  undo.push(() => stack.stop());
  for (const name of Object.keys(addresses) as (keyof typeof addresses)[]) {
    addresses[name] = `127.0.0.1:${await freePort()}`;
  }
  prometheus = await startPrometheus({
    ruleFiles: await writeQuickRules(directory),
    scrape: {
      'login-etl': [addresses.metrics, addresses.otherMetrics],
      node: [await startNodeExporter()],
    },
  });
  undo.push(() => prometheus.stop());
});
afterAll(() => undo.run());
afterEach(() => stack.sqs.proxy.setFault());

async function startNodeExporter(): Promise<string> {
  const server = createServer((_request, response) => response.end(backupFile));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Firing = { labels: Record<string, string>; annotations: Record<string, string> };

async function firing(alert: string): Promise<Firing[]> {
  const { alerts } = (await prometheus.get('alerts')) as {
    alerts: (Firing & { state: string })[];
  };
  return alerts.filter(({ labels, state }) => labels.alertname === alert && state === 'firing');
}

function section(alert: string) {
  return {
    follow: followSection(stack, alert),
    /** @returns the first that has these labels */
    async fires(labels: Record<string, string> = {}): Promise<Firing> {
      const found = async () => (await firing(alert)).map((each) => each.labels);
      await expect.poll(found, WITHIN).toContainEqual(expect.objectContaining(labels));
      const [one] = await firing(alert);
      return one as Firing;
    },
    async ends(): Promise<void> {
      await expect.poll(() => firing(alert), WITHIN).toEqual([]);
      done.add(alert);
    },
  };
}

const spawnWorker = (metrics: string, env: Record<string, string> = {}) =>
  stack.spawnWorker({
    ...BUILD,
    WORKER_METRICS_ADDRESS: metrics,
    WORKER_HEALTH_ADDRESS: addresses.health,
    WORKER_SAMPLE_SECONDS: '1',
    MASKING_KEY_SINCE: '2024-01-01',
    ...env,
  });
const sql = (statement: string) => stack.pool.query(statement);
const ready = async () => (await fetch(`http://${addresses.health}/readyz`)).status;

test('no worker', async () => {
  const { follow, fires, ends } = section('LoginEtlWorkerGone');
  await createSchedule(stack.client, HOURLY, { replace: true });
  await fires();
  expect(await follow('status', { exitCode: 1 })).toContain('no worker is running');
  worker = await spawnWorker(addresses.metrics);
  await ends();
  expect(await follow('status', { exitCode: 'any' })).toMatch(/workers +1: /);
});

test('no version of the workers is current', async () => {
  const { follow, fires, ends } = section('LoginEtlNewRunsNotServed');
  await fires();
  expect(await follow('deployment status', { exitCode: 1, env: BUILD })).toContain(
    'no version is current',
  );
  await follow('deployment set-current', { env: BUILD });
  await ends();
  expect(await stack.run()).toMatchObject({ received: 0 });
  expect(await follow('status', { exitCode: 'any' })).not.toContain('no version is current');
});

test('no run completes', async () => {
  const { follow, fires, ends } = section('LoginEtlNoSuccessfulRun');
  await fires();
  expect(await follow('schedule describe')).toContain('ingest-logins');
  await follow('run');
  await ends();
});

test('the schedule is paused', async () => {
  const { follow, fires, ends } = section('LoginEtlSchedulePaused');
  await setPaused(stack.client, true, 'until the upgrade is done');
  await fires();
  expect(await follow('schedule describe')).toContain('until the upgrade is done');
  await follow('schedule resume');
  await ends();
});

test('the queue cannot be reached', async () => {
  const { follow, fires, ends } = section('LoginEtlDependencyUnreachable');
  stack.sqs.proxy.setFault(() => undefined);
  await fires({ dependency: 'queue' });
  expect(await ready()).toBe(503);
  expect(await follow('doctor', { exitCode: 1 })).toMatch(/✗ queue/);
  stack.sqs.proxy.setFault();
  await ends();
  expect(await ready()).toBe(200);
});

test('the gauges of the queue may not be read', async () => {
  const { fires, ends } = section('LoginEtlSamplesStale');
  stack.sqs.proxy.setFault(({ action }, passOn) =>
    action === 'GetQueueAttributes' ? sqsError(403, 'AccessDenied') : passOn(),
  );
  await fires({ source: 'queue' });
  expect(await worker.log()).toMatch(/"source":"queue".*AccessDenied.*no metrics from a source/);
  stack.sqs.proxy.setFault();
  await ends();
});

test('Postgres is read-only', async () => {
  const { fires, ends } = section('LoginEtlStepFailing');
  const user = new URL(stack.databaseUrls.worker).username;
  const query = quick(
    /`(sum by \(step, error\).*?)`/.exec(runbookSection('LoginEtlStepFailing'))?.[1] ?? '',
  );
  const readOnly = async (on: boolean) => {
    await sql(`alter user ${user} set default_transaction_read_only = ${on}`);
    await sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
  };
  await readOnly(true);
  await stack.send(loginMessages(100));
  const run = await stack.start({ lanes: 16, batchSize: 1 });
  await fires({ step: 'insertBatch' });
  expect((await prometheus.query(`${query} > 0`)).map(({ metric }) => metric)).toContainEqual({
    step: 'insertBatch',
    error: 'sqlstate_25',
  });
  await readOnly(false);
  expect(await run.result()).toMatchObject({ inserted: 100 });
  await ends();
});

test('the table refuses every row', async () => {
  const { follow, fires, ends } = section('LoginEtlTableRefusesRows');
  await sql(
    `alter table user_logins add constraint too_strict check (device_type = 'none') not valid`,
  );
  await stack.send(loginMessages(30));
  const run = await stack.start();
  await fires({ error: 'TableRefusesRows' });
  expect(await follow('status', { exitCode: 'any' })).toMatch(/insertBatch[\s\S]*too_strict/);
  await sql('alter table user_logins drop constraint too_strict');
  // Smaller batches may come first: the run waits at the twentieth row.
  expect((await run.result()).quarantined).toBeLessThan(20);
  await ends();
});

test('a transaction of somebody holds up the inserts', async () => {
  const { fires, ends } = section('LoginEtlPostgresPoolExhausted');
  const shown = /```sql role=pg_read_all_stats\n(.*?)```/s.exec(
    runbookSection('LoginEtlPostgresPoolExhausted'),
  );
  const somebody = await stack.pool.connect();
  try {
    await somebody.query('begin; lock table user_logins');
    await stack.send(loginMessages(100));
    const run = await stack.start({ lanes: 32, batchSize: 1 });
    await fires({ instance: addresses.metrics });
    expect((await sql(shown?.[1] ?? '')).rows).toContainEqual({
      state: 'active',
      wait_event_type: 'Lock',
      count: expect.any(String),
    });
    await somebody.query('rollback');
    expect(await run.result()).toMatchObject({ inserted: 100 });
  } finally {
    somebody.release();
  }
  await ends();
});

test('logins are stored long after they were sent', async () => {
  const { fires, ends } = section('LoginEtlLagOverObjective');
  stack.sqs.proxy.setFault(async ({ action }, passOn) => {
    const answer = await passOn();
    return action === 'ReceiveMessage' ? sentEarlier(answer, 400_000) : answer;
  });
  await stack.send(loginMessages(30));
  const run = await stack.start({ lanes: 1, batchSize: 1 });
  await fires();
  stack.sqs.proxy.setFault();
  await run.result();
  await ends();
});

type Received = { Messages?: { Attributes: Record<string, string> }[] };

function sentEarlier<Answer extends { body: Record<string, unknown> }>(
  answer: Answer,
  byMs: number,
): Answer {
  for (const { Attributes } of (answer.body as Received).Messages ?? []) {
    Attributes.SentTimestamp = String(Number(Attributes.SentTimestamp) - byMs);
  }
  return answer;
}

test('more messages arrive than are stored', async () => {
  const { follow, fires, ends } = section('LoginEtlBacklogGrowing');
  for (let sent = 0; sent < 1_100; sent += 100) await stack.send(loginMessages(100));
  await fires();
  expect(await follow('peek --messages 0')).toMatch(/visible +1100/);
  await follow('run --shards 4');
  await ends();
  expect(await follow('peek --messages 0')).toMatch(/visible +0/);
});

test('a message is about to be lost', async () => {
  const { follow, fires, ends } = section('LoginEtlOldestMessageNearRetention');
  const retention = (seconds: number) =>
    stack.queue.client.send(
      new SetQueueAttributesCommand({
        QueueUrl: stack.queue.url,
        Attributes: { MessageRetentionPeriod: String(seconds) },
      }),
    );
  await retention(60);
  await stack.send(loginMessages(10));
  await fires();
  const extended = /MessageRetentionPeriod=(\d+)/.exec(
    runbookSection('LoginEtlOldestMessageNearRetention'),
  );
  await retention(Number(extended?.[1]));
  await ends();
  expect(await follow('run')).toMatch(/received/);
  expect(await follow('status', { exitCode: 'any' })).toMatch(/: 0 waiting, 0 in flight/);
});

test('the sender has changed its messages', async () => {
  const share = section('LoginEtlQuarantineShare');
  const reason = section('LoginEtlQuarantineNewReason');
  await stack.send([...loginMessages(120), ...Array.from({ length: 30 }, () => 'not JSON')]);
  await stack.run();
  await share.fires();
  await reason.fires({ field: 'message', rule: 'is not JSON' });
  expect(await share.follow('quarantine list', { as: 'custodian' })).toMatch(
    /message: is not JSON +30/,
  );
  await stack.send(loginMessages(120));
  await stack.run();
  await share.ends();
  await reason.ends();
});

test('somebody masks many values', async () => {
  const { follow, fires, ends } = section('LoginEtlRevealsUnusual');
  const env = custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
  for (let guess = 0; guess < 30; guess += 1) {
    const args = ['mask', '--ip', '-', '--reason', 'case 12'];
    const { exitCode, stderr } = await loginEtl(env, args, { stdin: `10.0.0.${guess}` });
    expect(exitCode, stderr).toBe(0);
  }
  await fires();
  const listed = await follow('audit list --since 2h --limit 1000', { as: 'custodian' });
  expect(listed).toMatch(/mask.* +case 12/);
  expect(listed).toContain(new URL(stack.databaseUrls.custodian).username);
  await ends();
});

test('backups fail', async () => {
  const { fires, ends } = section('LoginEtlBackupTooOld');
  const succeededAt = (ms: number) =>
    `login_etl_backup_last_success_timestamp_seconds ${ms / 1_000}\n`;
  backupFile = succeededAt(Date.now() - 27 * 3_600_000);
  await fires();
  backupFile = succeededAt(Date.now());
  await ends();
});

test('the masking key is old; a worker has the next one, and another one still the old one', async () => {
  const overdue = section('LoginEtlMaskingKeyOverdue');
  const differ = section('LoginEtlWorkerKeysDiffer');
  await overdue.fires({ key_id: 'test' });
  expect(await overdue.follow('keys list')).toMatch(/masking +test +active/);

  const newKeys = addMaskingKey(stack.env.MASKING_KEYS ?? '', NEW_KEY, randomBytes(32));
  const own = { MASKING_KEYS: newKeys, MASKING_KEY_SINCE: '2026-11-01' };
  await spawnWorker(addresses.otherMetrics, {
    ...own,
    WORKER_HEALTH_ADDRESS: addresses.otherHealth,
  });
  const { annotations } = await differ.fires();
  expect(annotations.description).toContain(`${addresses.otherMetrics} masks with ${NEW_KEY}`);
  const said = await differ.follow('status', { exitCode: 'any' });
  expect(said).toMatch(/mask with different keys/);
  await worker.stop();
  worker = await spawnWorker(addresses.metrics, own);
  await differ.ends();
  await overdue.ends();
  expect(await differ.follow('status', { exitCode: 'any' })).not.toContain('different keys');
  const env = custodianEnv(stack, newKeys);
  expect(await differ.follow('remask status', { as: 'custodian', exitCode: 1, env })).toContain(
    'no rotation was started',
  );
});

test('a run is paused, and the schedule skips the others', async () => {
  const { follow, fires, ends } = section('LoginEtlScheduleSkipping');
  await stack.send(loginMessages(300));
  await createSchedule(stack.client, EVERY_SECOND, { replace: true });
  await loginEtl(stack.env, ['schedule', 'create', '--replace', '--input', '{"batchSize":1}']);
  await expect
    .poll(async () => (await loginEtl(stack.env, ['pause'])).stdout, WITHIN)
    .toContain('ingest-logins');
  await fires();
  expect(await follow('status', { exitCode: 1 })).toMatch(/is paused/);
  await follow('resume');
  await ends();
});

test('Temporal was away for longer than the catch-up window', async () => {
  const { follow, fires, ends } = section('LoginEtlScheduleMissed');
  expect(await follow('schedule describe')).toMatch(/10 ?s/);
  await stack.temporal.stop();
  await sleep(EVERY_SECOND.catchupWindowMs + 5_000);
  const temporal = await startTemporalServer({
    binary: inject('temporalBinary'),
    port: Number(stack.temporal.address.split(':')[1]),
    databaseFile: temporalFile,
  });
  undo.push(() => temporal.kill());
  await fires();
  expect(await stack.run()).toMatchObject({ received: expect.any(Number) });
  await createSchedule(stack.client, HOURLY, { replace: true });
  await ends();
});

test('every alert has fired and ended, but those that have a reason', () => {
  expect([...done, ...Object.keys(NOT_FOLLOWED)].sort()).toEqual([...RUNBOOK_ALERTS].sort());
});
