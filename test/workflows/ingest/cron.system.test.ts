import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRunSummary } from '../../../src/postgres/runs/read-run-summary.ts';
import { lookAtRun } from '../../../src/temporal/runs/look-at-run.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const EVERY_SECONDS = 6;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
afterAll(() => stack?.stop());

test("a cron's wait for its turn counts neither as work in the ledger nor in metrics", async () => {
  const handle = await stack.start(undefined, { cronSchedule: `@every ${EVERY_SECONDS}s` });
  const finished = async () => {
    const { rows } = await stack.pool.query<{ seconds: number; ago: number }>(
      `select extract(epoch from finished_at - started_at)::float8 as seconds
       from ingest_runs where finished_at is not null order by started_at`,
    );
    return rows;
  };
  await stack.send(loginMessages(5));
  await expect.poll(finished, { timeout: 40_000 }).toHaveLength(2);
  for (const { seconds } of await finished()) expect(seconds).toBeLessThan(EVERY_SECONDS - 1);
  const { lastRun } = await readRunSummary(stack.pool);
  expect(lastRun?.durationSeconds).toBeLessThan(EVERY_SECONDS - 1);

  await handle.terminate();

  const later = await stack.start(undefined, { cronSchedule: '@every 3600s' });
  expect(await lookAtRun(stack.client, later.workflowId)).toMatchObject({
    state: 'waiting',
    beginsAt: expect.any(Date),
  });
  await later.terminate();
}, 60_000);
