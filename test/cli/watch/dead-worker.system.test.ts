import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSchedule } from '../../../src/temporal/schedule/create-schedule.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await createSchedule(
    stack.client,
    { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 },
    { replace: true },
  );
});
afterAll(() => stack?.stop());

type Report = { problems?: { problem: string }[]; workers?: { workers: string[] } };
type Checks = { checks: { name: string; status: string }[] };

async function ask<T>(command: string): Promise<T> {
  const { stdout } = await loginEtl(stack.env, [command, '--json']);
  return JSON.parse(stdout) as T;
}

const doctorsWorker = async () =>
  (await ask<Checks>('doctor')).checks.find(({ name }) => name === 'worker')?.status;

test('a killed worker is reported as missing within seconds', async () => {
  const [killed, other] = [await stack.spawnWorker(), await stack.spawnWorker()];
  expect((await ask<Report>('status')).workers?.workers).toHaveLength(2);
  await other.stop();
  expect((await ask<Report>('status')).workers?.workers).toHaveLength(1);
  expect(await doctorsWorker()).toBe('ok');

  stack.sqs.proxy.setFault(() => new Promise(() => {}));
  await stack.send(loginMessages(3));
  await stack.start();
  await killed.kill();
  await expect
    .poll(async () => (await ask<Report>('status')).workers?.workers, { timeout: 30_000 })
    .toEqual([]);
  stack.sqs.proxy.setFault();
  const problems = (await ask<Report>('status')).problems?.map(({ problem }) => problem) ?? [];
  expect(problems).toContain('no worker is running');
  expect(problems.filter((problem) => problem.startsWith('Temporal'))).toEqual([]);
  expect(await doctorsWorker()).toBe('failed');
}, 120_000);
