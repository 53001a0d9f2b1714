import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSchedule } from '../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../src/temporal/schedule/set-paused.ts';
import { loginEtl } from '../cli/in-process.ts';
import { custodianEnv } from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import { readDocument } from './documents.ts';
import { shownCommands } from './shown-commands.ts';

/** Alerts whose state no test here makes, and why. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  LoginEtlNewRunsNotServed: 'test/temporal/deployment/worker-versions.system.test.ts does',
  LoginEtlDependencyUnreachable: 'test/faults stops each dependency; /readyz has its own tests',
  LoginEtlScheduleMissed: 'it takes a Temporal that is down for longer than the catch-up window',
  LoginEtlLagOverObjective: 'it takes five minutes; what to do is that of a growing backlog',
  LoginEtlStepFailing: 'its query is run against Prometheus in test/observability',
  LoginEtlPostgresPoolExhausted: 'its SQL is run by run-commands.system.test.ts',
  LoginEtlSamplesStale: 'it has no command; test/telemetry breaks each source',
  LoginEtlWorkerKeysDiffer: 'test/cli/keys/rotate.system.test.ts does',
  LoginEtlPartitionsNotAhead: 'test/postgres/partitions and test/cli/watch/tables do',
  LoginEtlRowsInDefaultPartition: 'test/workflows/maintain does',
  LoginEtlMaintenanceOverdue: 'test/cli/operate/schedule.system.test.ts does',
  LoginEtlRetentionWaits: 'test/activities/maintain does',
  LoginEtlBackupTooOld: 'the backup job is not part of the stack',
};

const HOURLY = { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 };
const SECTIONS = readDocument('docs/runbook.md').split(/^## /m).slice(1);
const followed = new Set<string>();

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Runs commands, which the section of the alert has to show. */
function section(alert: string) {
  followed.add(alert);
  const text = SECTIONS.find((each) => each.startsWith(`${alert}\n`)) ?? '';
  const shown = shownCommands({ path: 'docs/runbook.md', text }).map(({ args }) => args);
  return async (
    command: string,
    user: 'worker' | 'custodian' = 'worker',
    exitCode: number | 'any' = 0,
  ) => {
    const args = shown.find((each) => each.join(' ') === command);
    expect(args, `${alert} shows: ${command}`).toBeDefined();
    const env = user === 'worker' ? stack.env : custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
    const result = await loginEtl(env, args ?? []);
    const said = result.stdout + result.stderr;
    if (exitCode !== 'any') expect(result.exitCode, `${command}: ${said}`).toBe(exitCode);
    return said;
  };
}

// First, while no worker has run.
test('LoginEtlWorkerGone: status says that no worker runs; with one it lists it, and the next run completes', async () => {
  const follow = section('LoginEtlWorkerGone');
  await createSchedule(stack.client, HOURLY, { replace: true });
  expect(await follow('status', 'worker', 1)).toContain('no worker is running');
  await stack.startWorker();
  expect(await stack.run()).toMatchObject({ received: 0 });
  expect(await follow('status')).toMatch(/workers +1: /);
});

test('LoginEtlNoSuccessfulRun: without a schedule, it is created; after a wrong input it is replaced', async () => {
  const follow = section('LoginEtlNoSuccessfulRun');
  await stack.client.schedule.getHandle('ingest-logins').delete();
  expect(await follow('schedule describe', 'worker', 1)).toContain('schedule create');
  await follow('schedule create --every 1m');
  await stack.run({ lanes: 'many' }).catch(() => undefined);
  await follow('runs --all');
  await follow('schedule create --replace --input {"lanes": 3}');
  expect(await follow('run')).toContain('received');
});

test('LoginEtlSchedulePaused: the note is shown; resumed, the schedule has a next run', async () => {
  const follow = section('LoginEtlSchedulePaused');
  await setPaused(stack.client, true, 'until the upgrade is done');
  expect(await follow('schedule describe')).toContain('until the upgrade is done');
  await follow('schedule resume');
  expect(await follow('schedule describe')).toMatch(/next +20\d\d-/);
});

/** So that the schedule does not get ahead of a test. */
const replaceSchedule = () => createSchedule(stack.client, HOURLY, { replace: true });

test('LoginEtlScheduleSkipping: status shows the open run; resumed, it closes', async () => {
  await replaceSchedule();
  const follow = section('LoginEtlScheduleSkipping');
  await stack.send(loginMessages(100));
  const run = await stack.start({ batchSize: 1, lanes: 1 });
  await loginEtl(stack.env, ['pause', '--workflow-id', run.workflowId]);
  expect(await follow('status', 'worker', 1)).toContain(`${run.workflowId} is paused`);
  await follow('resume');
  expect(await run.result()).toMatchObject({ received: 100 });
});

test.each([
  ['LoginEtlBacklogGrowing', 'run --shards 4', 'peek --messages 0', /visible +0/],
  ['LoginEtlOldestMessageNearRetention', 'run', 'status', /: 0 waiting, 0 in flight/],
])('%s: `%s` drains the queue, as `%s` shows', async (alert, run, shows, over) => {
  const follow = section(alert);
  await stack.send(loginMessages(50));
  expect(await follow(shows)).not.toMatch(over);
  await follow(run);
  expect(await follow(shows)).toMatch(over);
});

test('LoginEtlTableRefusesRows: status names the constraint; without it the open run goes on', async () => {
  const follow = section('LoginEtlTableRefusesRows');
  await stack.pool.query(
    `alter table user_logins add constraint too_strict check (device_type = 'none') not valid`,
  );
  await stack.send(loginMessages(30));
  const run = await stack.start();
  await expect
    .poll(() => follow('status', 'worker', 'any'), { timeout: 30_000 })
    .toMatch(/insertBatch[\s\S]*too_strict/);
  await stack.pool.query('alter table user_logins drop constraint too_strict');
  expect(await run.result()).toMatchObject({ quarantined: 0 });
  expect(await follow('status', 'worker', 'any')).not.toContain('too_strict');
});

test.each(['LoginEtlQuarantineShare', 'LoginEtlQuarantineNewReason'])(
  '%s: a custodian sees the reasons',
  async (alert) => {
    section(alert);
    await stack.send(['not JSON', '[]']);
    await stack.run();
    // The second refers to the first.
    const listed = await section('LoginEtlQuarantineShare')('quarantine list', 'custodian');
    expect(listed).toMatch(/message: is not JSON +\d/);
  },
);

test('LoginEtlRevealsUnusual: the audit log says who, when and why', async () => {
  const reveal = ['reveal', '--ip', '0'.repeat(64), '--reason', 'case 12'];
  const env = custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
  const [row] = await stack.rows();
  await loginEtl(env, reveal.with(2, row?.masked_ip ?? ''));
  const follow = section('LoginEtlRevealsUnusual');
  const listed = await follow('audit list --since 2h --limit 1000', 'custodian');
  expect(listed).toMatch(/reveal +case 12/);
  expect(listed).toContain(new URL(stack.databaseUrls.custodian).username);
});

test('LoginEtlMaskingKeyOverdue: keys list shows the key and since when it is in use', async () => {
  const listed = await section('LoginEtlMaskingKeyOverdue')('keys list');
  expect(listed).toMatch(/masking +test +active/);
});

test('every alert is followed here, or has a reason why not', () => {
  const alerts = SECTIONS.map((text) => text.split('\n', 1)[0]);
  expect(new Set([...followed, ...Object.keys(NOT_FOLLOWED)])).toEqual(new Set(alerts));
  expect(Object.keys(NOT_FOLLOWED).filter((alert) => followed.has(alert))).toEqual([]);
});
