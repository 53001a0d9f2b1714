import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDeployment } from '../../../src/temporal/deployment/read-deployment.ts';
import { loginEtl } from '../../cli/in-process.ts';
import { jsonOf } from '../../cli/login-etl.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const NAME = 'logins';
const version = (buildId: string) => ({
  TEMPORAL_DEPLOYMENT_NAME: NAME,
  TEMPORAL_WORKER_BUILD_ID: buildId,
});

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
});
afterEach(() => stack?.stop());

const command = (args: string[], env: Record<string, string> = {}) =>
  loginEtl({ ...stack.env, ...env }, args);
const setCurrent = (buildId: string) =>
  command(['deployment', 'set-current', '--wait', '30s'], version(buildId));
const versionOf = async (workflowId: string) => {
  const { raw } = await stack.client.workflow.getHandle(workflowId).describe();
  const info = raw.workflowExecutionInfo?.versioningInfo;
  return { build: info?.deploymentVersion?.buildId, behavior: info?.behavior };
};

type Problems = { problems: { part: string; problem: string }[] };
type Checks = { checks: { name: string; status: string; detail: string }[] };

describe('without a current version', () => {
  test('every run waits; deployment status, status and doctor report it without version settings', async () => {
    await stack.startWorker(version('1'));
    await stack.send(loginMessages(3));
    const run = await stack.start();

    await expect
      .poll(async () => {
        const { exitCode, stdout } = await command(['deployment', 'status', '--deployment', NAME]);
        return [exitCode, stdout];
      })
      .toEqual([1, expect.stringMatching(/^no version is current.*logins:1.*\n.*set-current/)]);
    const status = jsonOf<Problems>(await command(['status', '--json']));
    expect(status.problems.map(({ part, problem }) => [part, problem])).toContainEqual([
      'workers',
      expect.stringContaining('no version is current'),
    ]);
    const doctor = await command(['doctor', '--json']);
    expect(doctor.exitCode).toBe(1);
    const { checks } = jsonOf<Checks>(doctor);
    expect(checks.find(({ name }) => name === 'worker')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('no version is current'),
    });

    expect(await setCurrent('1')).toMatchObject({ exitCode: 0 });
    expect(await run.result()).toMatchObject({ received: 3, inserted: 3 });
    expect((await command(['deployment', 'status'], version('1'))).exitCode).toBe(0);
  });
});

test('a build whose workers do not poll cannot be made current, and the message names both settings', async () => {
  await stack.startWorker(version('1'));
  const { exitCode, stderr } = await command(['deployment', 'set-current'], version('2'));
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('TEMPORAL_WORKER_BUILD_ID')]);
});

test('only one of the two settings is refused', async () => {
  const { exitCode, stderr } = await command(['deployment', 'status'], {
    TEMPORAL_DEPLOYMENT_NAME: NAME,
  });
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining('TEMPORAL_WORKER_BUILD_ID is not set'),
  ]);
});

const PINNED = 1;
const AUTO_UPGRADE = 2;

test('a run stays on the build that started it, and new runs go to the new one', async () => {
  await stack.startWorker(version('1'));
  await setCurrent('1');
  await stack.send(loginMessages(20));
  const open = await stack.start({ batchSize: 10, lanes: 1 });
  await open.signal('pause');
  await expect.poll(async () => (await versionOf(open.workflowId)).build).toBe('1');
  await stack.startWorker(version('2'));
  await setCurrent('2');

  const next = await stack.start();
  await next.result();
  expect(await versionOf(next.workflowId)).toEqual({ build: '2', behavior: PINNED });
  await open.signal('resume');
  await open.result();
  expect(await versionOf(open.workflowId)).toEqual({ build: '1', behavior: PINNED });
  expect(await stack.rows()).toHaveLength(20);
  const builds = await readDeployment(stack.client, NAME);
  expect(builds?.map(({ buildId, state }) => [buildId, state])).toEqual([
    ['2', 'current'],
    ['1', expect.stringMatching(/^drain(ing|ed)$/)],
  ]);
});

test('a drain that continues as new moves to the new build', async () => {
  await stack.startWorker(version('1'));
  await setCurrent('1');
  await stack.send(loginMessages(20));
  const long = await stack.start({ batchSize: 1, lanes: 1 });
  await long.signal('pause');
  // The workflow ignores these signals: they only fill its history.
  for (let sent = 0; sent < 8; sent += 1) await long.signal('filler', incompressible(1_900_000));
  await stack.startWorker(version('2'));
  await setCurrent('2');
  await long.signal('resume');
  expect(await long.result()).toMatchObject({ received: 20, acknowledged: 20 });
  expect(await versionOf(long.workflowId)).toEqual({ build: '2', behavior: AUTO_UPGRADE });
});
