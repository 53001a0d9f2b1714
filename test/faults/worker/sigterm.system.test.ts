import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../domain/seeded-random.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { FULL, PATIENCE_MS, SEED, STOPS } from '../support/sizes.ts';
import { underLoad } from '../support/under-load.ts';
import { until } from '../support/until.ts';
import { type Member, WorkerFleet } from '../support/worker-fleet.ts';

/** A message that waited it out would not be stored while the test has patience. */
const VISIBILITY_SECONDS = 3_600;
const GRACE_SECONDS = 10;
/** What the worker gives itself after the grace period, and a loaded machine on top. */
const EXIT_SLACK_SECONDS = 12;
/** Calls that were on their way when the signal came. */
const ON_THEIR_WAY_MS = 250;

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    env: { WORKER_SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS) },
  });
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

/** SIGTERM, and what has to hold until the process is gone. */
async function expectCleanStop({ worker, ways }: Member): Promise<void> {
  const signalledAt = performance.now();
  process.kill(worker.pid, 'SIGTERM');
  await until('the worker shuts down', async () => (await worker.log()).includes('shutting down'));
  await sleep(ON_THEIR_WAY_MS);
  ways.sqs.forget();
  const exit = await worker.exited;
  const seconds = (performance.now() - signalledAt) / 1_000;
  const received = ways.sqs.calls.filter(({ action }) => action === 'ReceiveMessage');
  expect({ ...exit, received: received.length }, await worker.log()).toEqual({
    code: 0,
    signal: null,
    received: 0,
  });
  expect(seconds).toBeLessThan(GRACE_SECONDS + EXIT_SLACK_SECONDS);
}

/** A run during which workers are stopped at random moments, and at whose end nothing is left in flight. */
async function runThrough(fleet: WorkerFleet, stopOne: () => Promise<void>): Promise<void> {
  const random = seededRandom(SEED);
  const { run, ids } = await underLoad(stack, async () => {
    for (let stop = 1; stop <= STOPS; stop += 1) {
      await sleep(random.below(1_000));
      await stopOne();
    }
  });
  const { received, duplicates } = await run.result();
  expect({ received, duplicates }).toEqual({ received: ids.length, duplicates: 0 });
  await fleet.killAll();
  await expectOnceEach(stack, ids);
}

test(
  `SIGTERM at ${STOPS} random moments of a rolling deploy (FAULT_SEED=${SEED}): another worker takes over`,
  async () => {
    const fleet = new WorkerFleet(stack);
    await fleet.start(2);
    let turn = 0;
    await runThrough(fleet, async () => {
      await expectCleanStop(await fleet.replace(turn % 2));
      turn += 1;
    });
  },
  PATIENCE_MS,
);

if (FULL) {
  test(
    `SIGTERM of the only worker at ${STOPS} random moments (FAULT_SEED=${SEED}): the next one continues`,
    async () => {
      const fleet = new WorkerFleet(stack);
      await fleet.start(1);
      await runThrough(fleet, () => fleet.restart(0, expectCleanStop));
    },
    PATIENCE_MS,
  );
}
