import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';
import type { Counts } from '../../../src/domain/counts.ts';
import { migrate } from '../../../src/postgres/run-migrations.ts';
import { loginMessages, smallBadMessages } from '../../support/data/login-messages.ts';
import {
  startWorkerProcess,
  untilRunning,
  type WorkerProcess,
} from '../../support/worker-process.ts';
import { type EarlierRelease, installRelease, isInHistory } from '../support/earlier-release.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

const COMMIT = '972fd5b009a59d15db8e838819b1f9fca982b66a';
const MESSAGES = 6_000;
const BAD = smallBadMessages(0).map(({ body }) => body);
const INPUTS = [
  { lanes: 4, batchSize: 60 },
  { lanes: 2, batchSize: 60, shards: 2 },
];

// A clone without history does not have the release.
describe.skipIf(!(await isInHistory(COMMIT)))('a run that a worker of 0.3.0 began', () => {
  let stack: FaultStack;
  let release: EarlierRelease;

  beforeAll(async () => {
    release = await installRelease(COMMIT);
    stack = await startFaultStack({ visibilityTimeoutSeconds: 30 });
  });
  beforeEach(async () => {
    await stack.sqs.purge();
    await stack.pool.query('drop schema public cascade; create schema public');
    await stack.pool.query('grant usage on schema public to public');
    const { pathname } = new URL(stack.env.DATABASE_URL ?? '');
    const { href } = Object.assign(new URL(inject('postgresUrl')), { pathname });
    await release.command(['migrate'], { DATABASE_URL: href });
  });
  afterAll(async () => {
    await stack?.stop();
    await release?.remove();
  });

  /** A run that the earlier release has done a part of, with all lanes busy. */
  async function begun(input: object) {
    const ids = await stack.send([...loginMessages(MESSAGES), ...BAD]);
    const { WORKER_WORKFLOW_BUNDLE: _ours, ...env } = stack.env;
    const worker = await untilRunning(await startWorkerProcess(env, release.worker));
    onTestFinished(() => worker.remove());
    const workflowId = await release.command(
      ['run', '--detach', '--input', JSON.stringify(input)],
      env,
    );
    const run = stack.client.workflow.getHandle<() => Promise<Counts>>(workflowId.trim());
    await until('a part is stored', async () => (await storedMessages(stack)) > MESSAGES / 6);
    return { ids, worker, run };
  }

  const upgrades: Record<string, (worker: WorkerProcess) => Promise<void>> = {
    async stopped(worker) {
      await worker.stop();
      await upgrade();
    },
    async killed(worker) {
      await worker.kill();
      await upgrade();
    },
    async 'stopped beside a new one'(worker) {
      await upgrade();
      await worker.stop();
    },
  };
  async function upgrade(): Promise<void> {
    expect((await migrate(stack.pool)).applied).not.toEqual([]);
    const worker = await stack.spawnWorker();
    onTestFinished(() => worker.remove());
  }

  test.each(INPUTS.flatMap((input) => Object.keys(upgrades).map((how) => [how, input] as const)))(
    'ends well with this build, after its worker was %s: %o',
    async (how, input) => {
      const { ids, worker, run } = await begun(input);
      await upgrades[how]?.(worker);
      const stored = await storedMessages(stack);
      expect(stored).toBeLessThan(ids.length);
      expect((await run.describe()).status.name).toBe('RUNNING');
      await run.result();
      await runUntilEmpty(stack);
      await expectOnceEach(stack, ids);
    },
    PATIENCE_MS,
  );
});
