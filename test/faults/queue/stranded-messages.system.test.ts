import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { queueDepth } from '../../support/servers/test-queue.ts';
import { countDeliveries, most } from '../support/deliveries.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { closedGate } from '../support/gate.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';

const VISIBILITY_SECONDS = 3;
const MAX_RECEIVE_COUNT = 5;
const COUNT = 200;

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    redrive: { maxReceiveCount: MAX_RECEIVE_COUNT },
  });
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

async function expectNoDeadLetters(): Promise<void> {
  const depth = await queueDepth(stack.sqs.client, stack.sqs.deadLetterUrl as string);
  expect(depth).toEqual({ visible: 0, inFlight: 0 });
}

// A dead worker is noticed after 12 seconds.
if (FULL) {
  test(
    'SIGKILL in the middle of a receive: what it had is back within the visibility timeout',
    async () => {
      const ids = await stack.send(loginMessages(COUNT));
      const ways = await stack.proxied();
      const gate = closedGate();
      let receives = 0;
      const before = countDeliveries(ways.sqs, async (call, passOn) => {
        const answer = await passOn();
        receives += call.action === 'ReceiveMessage' ? 1 : 0;
        // SQS has given these away, and the worker never hears of them.
        if (receives > 4) await gate.pass();
        return answer;
      });
      const worker = await stack.spawnWorker(ways.env);
      const run = await stack.start();
      await gate.reached;
      await worker.kill();
      gate.open();

      const nextWays = await stack.proxied();
      const after = countDeliveries(nextWays.sqs);
      const next = await stack.spawnWorker(nextWays.env);
      await run.result();
      await runUntilEmpty(stack, undefined, (VISIBILITY_SECONDS + 30) * 1_000);
      await next.kill();

      expect(most(before)).toBe(1);
      expect(most(after)).toBe(1);
      await expectNoDeadLetters();
      await expectOnceEach(stack, ids);
    },
    PATIENCE_MS,
  );
}

test(
  'answers that get lost after SQS has given them: the messages come back, and are one row each',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    const ways = await stack.proxied();
    let lost = 0;
    const deliveries = countDeliveries(ways.sqs, async (call, passOn) => {
      const answer = await passOn();
      if (call.action !== 'ReceiveMessage' || !answer.body.Messages || lost >= 5) return answer;
      lost += 1;
      return undefined;
    });
    const worker = await stack.spawnWorker(ways.env);
    const counts = await runUntilEmpty(stack);
    await worker.kill();

    expect(lost).toBe(5);
    expect(counts).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
    expect(most(deliveries)).toBeLessThanOrEqual(3);
    await expectNoDeadLetters();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
