import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSchedule } from '../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../src/temporal/schedule/set-paused.ts';
import { loginEtl } from '../cli/in-process.ts';
import { custodianEnv } from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import { readDocument } from './documents.ts';
import { followSection, NOT_FOLLOWED, RUNBOOK_ALERTS } from './runbook-section.ts';

const HOURLY = { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 };
const followed = new Set<string>();

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

function section(alert: string) {
  followed.add(alert);
  return followSection(stack, alert);
}

// First, while no worker has run.
test('LoginEtlWorkerGone: status says that no worker runs; with one it lists it, and the next run completes', async () => {
  const follow = section('LoginEtlWorkerGone');
  await createSchedule(stack.client, HOURLY, { replace: true });
  expect(await follow('status', { exitCode: 1 })).toContain('no worker is running');
  await stack.startWorker();
  expect(await stack.run()).toMatchObject({ received: 0 });
  expect(await follow('status')).toMatch(/workers +1: /);
});

test('LoginEtlNoSuccessfulRun: without a schedule, it is created; after a wrong input it is replaced', async () => {
  const follow = section('LoginEtlNoSuccessfulRun');
  await stack.client.schedule.getHandle('ingest-logins').delete();
  expect(await follow('schedule describe', { exitCode: 1 })).toContain('schedule create');
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
  await stack.send(loginMessages(40));
  const run = await stack.start({ batchSize: 1, lanes: 1 });
  await loginEtl(stack.env, ['pause', '--workflow-id', run.workflowId]);
  expect(await follow('status', { exitCode: 1 })).toContain(`${run.workflowId} is paused`);
  await follow('resume');
  expect(await run.result()).toMatchObject({ received: 40 });
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
    .poll(() => follow('status', { exitCode: 'any' }), { timeout: 30_000 })
    .toMatch(/insertBatch[\s\S]*too_strict/);
  await stack.pool.query('alter table user_logins drop constraint too_strict');
  // Smaller batches may come first: the run waits at the twentieth row.
  expect((await run.result()).quarantined).toBeLessThan(20);
  expect(await follow('status', { exitCode: 'any' })).not.toContain('too_strict');
});

test.each(['LoginEtlQuarantineShare', 'LoginEtlQuarantineNewReason'])(
  '%s: a custodian sees the reasons',
  async (alert) => {
    section(alert);
    await stack.send(['not JSON', '[]']);
    await stack.run();
    // The second refers to the first.
    const listed = await section('LoginEtlQuarantineShare')('quarantine list', { as: 'custodian' });
    expect(listed).toMatch(/message: is not JSON +\d/);
  },
);

test('LoginEtlRevealsUnusual: the audit log says who, when and why', async () => {
  const reveal = ['reveal', '--ip', '0'.repeat(64), '--reason', 'case 12'];
  const env = custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
  const [row] = await stack.rows();
  await loginEtl(env, reveal.with(2, row?.masked_ip ?? ''));
  const follow = section('LoginEtlRevealsUnusual');
  const listed = await follow('audit list --since 2h --limit 1000', { as: 'custodian' });
  expect(listed).toMatch(/reveal +case 12/);
  expect(listed).toContain(new URL(stack.databaseUrls.custodian).username);
});

test('LoginEtlMaskingKeyOverdue: keys list shows the key and since when it is in use', async () => {
  const listed = await section('LoginEtlMaskingKeyOverdue')('keys list');
  expect(listed).toMatch(/masking +test +active/);
});

test('every alert is followed here or where it fires, or has a reason why not', () => {
  const elsewhere = readDocument('test/faults/alerts/alerts-fire.faults.test.ts');
  const missing = RUNBOOK_ALERTS.filter(
    (alert) =>
      !followed.has(alert) &&
      !elsewhere.includes(`section('${alert}')`) &&
      !(alert in NOT_FOLLOWED),
  );
  expect(missing).toEqual([]);
});
