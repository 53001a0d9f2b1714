import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { seededRandom } from '../../domain/seeded-random.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { KILLS, MESSAGES, PATIENCE_MS, SEED } from '../support/sizes.ts';
import { underLoad } from '../support/under-load.ts';
import { WorkerFleet } from '../support/worker-fleet.ts';

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 20 });
});
afterAll(() => stack?.stop());

test(
  `SIGKILL at ${KILLS} random moments of a run of ${MESSAGES} messages, two workers (FAULT_SEED=${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    const fleet = new WorkerFleet(stack);
    await fleet.start(2);
    const { ids } = await underLoad(stack, async () => {
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await sleep(random.below(1_000));
        await fleet.kill(random.below(2));
      }
    });
    await runUntilEmpty(stack);
    await fleet.killAll();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
