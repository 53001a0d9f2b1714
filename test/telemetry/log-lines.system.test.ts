import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginMessages } from '../support/data/login-messages.ts';
import { type Stack, startStack } from '../support/start-stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

test('a run, its batches and its failing steps are logged as JSON, each line with the ids of workflow, run and batch', async () => {
  const worker = await stack.spawnWorker({ LOG_LEVEL: 'debug' });
  await stack.pool.query('alter table user_logins rename to hidden_logins');
  await stack.send(loginMessages(7));
  const run = await stack.start();
  const entries = async () =>
    (await worker.log())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const found = async (msg: string) => (await entries()).filter((entry) => entry.msg === msg);
  const ids = { workflowId: run.workflowId, runId: run.firstExecutionRunId };

  // Without its table an insert fails for good.
  await expect(run.result()).rejects.toThrow();
  const [failed] = await found('Activity failed');
  expect(failed).toMatchObject({ ...ids, batch: 1, step: 'insertBatch', level: 'warn' });
  expect(failed).not.toHaveProperty('taskToken');

  await stack.pool.query('alter table hidden_logins rename to user_logins');
  await stack.send(loginMessages(7));
  const again = await stack.start();
  await again.result();
  const ours = { workflowId: again.workflowId, runId: again.firstExecutionRunId };
  await expect
    .poll(() => found('run has ended'))
    .toContainEqual(
      expect.objectContaining({ ...ours, outcome: 'completed', inserted: expect.any(Number) }),
    );
  expect(await found('batch is stored')).toContainEqual(
    expect.objectContaining({ ...ours, batch: 1, quarantined: 0, level: 'debug' }),
  );
  expect(await worker.log()).not.toMatch(/user-\d|device-\d|10\.0\.0\.\d/);
});
