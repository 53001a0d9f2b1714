import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { SqsAnswer, SqsCall } from '../../support/servers/sqs-proxy.ts';
import { queueDepth } from '../../support/servers/test-queue.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { countDeliveries, most } from '../support/deliveries.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { closedGate, type Gate } from '../support/gate.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { PATIENCE_MS } from '../support/sizes.ts';

// What hangs takes the client's patience, 15 seconds a call: there is no short form of it.
const COUNT = 300;
const VISIBILITY_SECONDS = 30;
const MAX_RECEIVE_COUNT = 5;
const GRACE_SECONDS = 10;

let stack: FaultStack;
let ways: Ways;
let worker: WorkerProcess;
let gate: Gate;

beforeAll(async () => {
  stack = await startFaultStack({
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    redrive: { maxReceiveCount: MAX_RECEIVE_COUNT },
    env: { WORKER_SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS) },
  });
});
beforeEach(async () => {
  await stack.clear();
  gate = closedGate();
  ways = await stack.proxied();
  worker = await stack.spawnWorker(ways.env);
  return async () => {
    gate.open();
    await worker.kill();
  };
});
afterAll(() => stack?.stop());

/** Calls that are never answered, by whether they are meant to hang. @returns the deliveries */
const hangIf = (hangs: (call: SqsCall, answer: SqsAnswer | undefined) => boolean, heard: boolean) =>
  countDeliveries(ways.sqs, async (call, passOn) => {
    const answer = heard ? await passOn() : undefined;
    if (!hangs(call, answer)) return answer ?? passOn();
    await gate.pass();
    return undefined;
  });

async function expectAllOnce(ids: string[], deliveries: ReadonlyMap<string, number>) {
  await runUntilEmpty(stack);
  expect(most(deliveries)).toBeLessThan(MAX_RECEIVE_COUNT);
  const dead = await queueDepth(stack.sqs.client, stack.sqs.deadLetterUrl as string);
  expect(dead).toEqual({ visible: 0, inFlight: 0 });
  await expectOnceEach(stack, ids);
}

test(
  'receives that SQS has answered, and whose answers hang: they are given up, and the messages come back',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    let hung = 0;
    const deliveries = hangIf(({ action }, answer) => {
      if (action !== 'ReceiveMessage' || !answer?.body.Messages || hung >= 5) return false;
      hung += 1;
      return true;
    }, true);
    await expectAllOnce(ids, deliveries);
    expect(hung).toBe(5);
  },
  PATIENCE_MS,
);

test(
  'a short poll hangs in the middle of a batch: what the others have received waits no longer than the client',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    let hung = 0;
    const deliveries = hangIf(({ action, body }) => {
      if (action !== 'ReceiveMessage' || body.WaitTimeSeconds !== 0 || hung >= 1) return false;
      hung += 1;
      return true;
    }, false);
    await expectAllOnce(ids, deliveries);
    expect(most(deliveries)).toBe(1);
  },
  PATIENCE_MS,
);

test(
  'deletes hang: they are tried again, and nothing is stored twice',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    let hung = 0;
    const deliveries = hangIf(({ action }) => {
      if (action !== 'DeleteMessageBatch' || hung >= 3) return false;
      hung += 1;
      return true;
    }, false);
    await expectAllOnce(ids, deliveries);
  },
  PATIENCE_MS,
);

test(
  'SQS answers nothing, and the worker is told to stop: it is gone soon after the grace period',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    const deliveries = hangIf(() => true, false);
    const run = await stack.start({ lanes: 4, batchSize: 50 });
    await gate.reached;
    const signalledAt = performance.now();
    process.kill(worker.pid, 'SIGTERM');
    await worker.exited;
    expect((performance.now() - signalledAt) / 1_000).toBeLessThan(GRACE_SECONDS + 10);

    ways.sqs.setFault();
    const next = await stack.spawnWorker(ways.env);
    await run.result();
    try {
      await expectAllOnce(ids, deliveries);
    } finally {
      await next.kill();
    }
  },
  PATIENCE_MS,
);
