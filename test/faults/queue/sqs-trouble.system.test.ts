import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../domain/seeded-random.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Fault, sqsError } from '../../support/servers/sqs-proxy.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { FULL, PATIENCE_MS, SEED } from '../support/sizes.ts';
import { untilRetried } from '../support/until-waiting.ts';

const COUNT = FULL ? 5_000 : 300;
const BATCH = FULL ? 250 : 50;
const OUTAGE_MS = FULL ? 30_000 : 2_000;

type Entry = { Id: string; ReceiptHandle: string };

let stack: FaultStack;
let ways: Ways;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
  ways = await stack.proxied();
  await stack.spawnWorker(ways.env);
});
beforeEach(async () => {
  ways.sqs.setFault();
  await stack.clear();
});
afterAll(() => stack?.stop());

/** Drains the queue with a fault in the way; SQS has heard of no call that failed, so nothing comes twice. */
async function expectDrained(fault: Fault): Promise<void> {
  const ids = await stack.send(loginMessages(COUNT));
  ways.sqs.setFault(fault);
  const counts = await stack.run({ batchSize: BATCH });
  expect(counts).toMatchObject({
    received: COUNT,
    inserted: COUNT,
    duplicates: 0,
    acknowledged: COUNT,
  });
  await expectOnceEach(stack, ids);
}

test(
  `a fifth of all calls fails (FAULT_SEED=${SEED}): each is tried again`,
  async () => {
    const random = seededRandom(SEED);
    const troubles = [
      () => sqsError(500, 'InternalFailure'),
      () => sqsError(503, 'ServiceUnavailable'),
      () => sqsError(400, 'ThrottlingException'),
      () => sqsError(403, 'RequestThrottled'),
      // Cut off.
      () => undefined,
    ];
    let failed = 0;
    await expectDrained((_, passOn) => {
      if (random.below(5) > 0) return passOn();
      failed += 1;
      return random.of(troubles)();
    });
    expect(failed).toBeGreaterThan(5);
  },
  PATIENCE_MS,
);

test(
  'parts of delete batches fail on SQS’ side: those parts are deleted again',
  async () => {
    let failures = 0;
    await expectDrained(async (call, passOn) => {
      const entries = call.body.Entries as Entry[] | undefined;
      if (call.action !== 'DeleteMessageBatch' || !entries || failures >= 2 * BATCH)
        return passOn();
      const failing = entries.filter((_, index) => index % 2 === 0);
      const done = entries.filter((_, index) => index % 2 === 1);
      failures += failing.length;
      if (done.length > 0) await deleteAtOnce(done);
      return {
        status: 200,
        body: {
          Successful: done.map(({ Id }) => ({ Id })),
          Failed: failing.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' })),
        },
      };
    });
    expect(failures).toBeGreaterThanOrEqual(2 * BATCH);
  },
  PATIENCE_MS,
);

const deleteAtOnce = (Entries: Entry[]) =>
  stack.sqs.client.send(new DeleteMessageBatchCommand({ QueueUrl: stack.queue.url, Entries }));

test(
  'SQS is out of order for a while: the run waits, calls it ever more seldom, and goes on',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    ways.sqs.setFault(() => sqsError(503, 'ServiceUnavailable'));
    const run = await stack.start({ batchSize: BATCH });
    await untilRetried(stack, run, /receiveBatch .*: SQS .*problem.*ServiceUnavailable/);
    ways.sqs.forget();
    await sleep(OUTAGE_MS);
    // Three attempts of the client each second at the most, and less later on.
    expect(ways.sqs.calls.length).toBeLessThanOrEqual((3 * OUTAGE_MS) / 1_000);
    ways.sqs.setFault();
    expect(await run.result()).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
