import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
afterAll(() => stack?.stop());

async function idsOf(query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const run of stack.client.workflow.list({ query })) ids.push(run.workflowId);
  return ids;
}

test('runs are found by what they did, and by what started them', async () => {
  await stack.send(loginMessages(5));
  const clean = await stack.start();
  await clean.result();
  await stack.send(['bad', ...loginMessages(2)]);
  const dirty = await stack.start();
  await dirty.result();

  const found = (query: string) => expect.poll(() => idsOf(query), { timeout: 10_000 });
  await found('LoginEtlQuarantined > 0').toEqual([dirty.workflowId]);
  await found('LoginEtlReceived = 5').toEqual([clean.workflowId]);
  await found(`LoginEtlTrigger = 'manual'`).toHaveLength(2);
  await found(`LoginEtlTrigger = 'schedule'`).toEqual([]);
});

test('a run that a cron started says so', async () => {
  const handle = await stack.start({}, { cronSchedule: '@every 1s', workflowId: 'by-cron' });
  await expect
    .poll(() => idsOf(`LoginEtlTrigger = 'cron'`), { timeout: 10_000 })
    .toContain('by-cron');
  await stack.client.workflow.getHandle(handle.workflowId).terminate();
});

test('the memo of a run holds its counts, readable without a key', async () => {
  await stack.send(loginMessages(3));
  const handle = await stack.start();
  await handle.result();
  const { raw } = await handle.describe();
  const memo = raw.workflowExecutionInfo?.memo?.fields ?? {};
  const text = (name: string) => Buffer.from(memo[name]?.data ?? []).toString();
  expect(JSON.parse(text('counts'))).toMatchObject({ received: 3, inserted: 3, quarantined: 0 });
  expect(JSON.parse(text('trigger'))).toBe('manual');
});
