import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { startHeldRun } from '../../support/held-run.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterEach(() => stack.sqs.proxy.setFault());
afterAll(() => stack?.stop());

test('shards drain one queue side by side, and the result is the sum of theirs', async () => {
  const ids = await stack.send([...loginMessages(400), 'bad']);
  const counts = await stack.run({ shards: 3, batchSize: 20 });
  expect(counts).toMatchObject({
    received: 401,
    inserted: 400,
    duplicates: 0,
    quarantined: 1,
    acknowledged: 401,
  });
  const stored = [...(await stack.rows()), ...(await stack.quarantine())];
  expect(stored.map((row) => row.message_id).sort()).toEqual(ids.sort());
  expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
  const { rows } = await stack.pool.query<{ received: number }>(
    'select received::int from ingest_runs where received > 0',
  );
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.reduce((sum, { received }) => sum + received, 0)).toBe(401);
});

test('its details show the sum and each shard', async () => {
  await stack.send(loginMessages(40));
  const handle = await stack.start({ shards: 2, maxMessages: 40 });
  await handle.result();
  const { currentDetails } = await handle.query<{ currentDetails: string }>(
    '__temporal_workflow_metadata',
  );
  expect(currentDetails).toMatch(
    /^\*\*completed\*\*\n\n.*\| 40 \| 40 .*\n- shard-1: 20 received, .*\n- shard-2: 20 received, /s,
  );
});

test('while they are open, its details show the sum so far', { timeout: 30_000 }, async () => {
  const { handle, release } = await startHeldRun(stack, 40, { lanes: 1, shards: 2 });
  const details = async () =>
    (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
  await expect
    .poll(details, { timeout: 15_000 })
    .toMatch(/^\*\*draining\*\*.*\n\| 6 \| 6 .*\n- shard-1: running, \d received/s);
  release();
  expect(await handle.result()).toMatchObject({ received: 40 });
});

test('the bound on messages is that of all shards together', async () => {
  await stack.send(loginMessages(150));
  expect(await stack.run({ shards: 3, maxMessages: 100 })).toMatchObject({ received: 100 });
  expect(await stack.queueDepth()).toEqual({ visible: 50, inFlight: 0 });
});

test('a bound below the number of shards starts no shard without a message to take', async () => {
  await stack.send(loginMessages(10));
  expect(await stack.run({ shards: 4, maxMessages: 2 })).toMatchObject({ received: 2 });
});

test('an empty queue ends all of them at once', async () => {
  const startedAt = performance.now();
  expect(await stack.run({ shards: 3 })).toEqual(zeroCounts());
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});
