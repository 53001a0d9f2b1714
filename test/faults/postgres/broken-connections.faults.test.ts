import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../domain/seeded-random.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { CUTS, PATIENCE_MS, SEED } from '../support/sizes.ts';
import { underLoad } from '../support/under-load.ts';
import { WorkerFleet } from '../support/worker-fleet.ts';

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 20 });
});
afterAll(() => stack?.stop());

/** The next call of a worker to SQS is cut, before SQS hears of it or after it has answered. */
function cutNextCall({ sqs }: Ways, heard: boolean): void {
  sqs.setFault(async (_, passOn) => {
    sqs.setFault();
    if (heard) await passOn();
    return undefined;
  });
}

test(
  `connections between workers and servers break ${CUTS} times, at random (FAULT_SEED=${SEED}): the workers live, and make new ones`,
  async () => {
    const random = seededRandom(SEED);
    const fleet = new WorkerFleet(stack);
    await fleet.start(2);
    const { ids } = await underLoad(stack, async () => {
      for (let cut = 1; cut <= CUTS; cut += 1) {
        await sleep(random.below(1_000));
        const { ways } = random.of(fleet.members);
        const breaks = [
          () => ways.postgres.cutAll(),
          () => ways.temporal.cutAll(),
          () => cutNextCall(ways, true),
          () => cutNextCall(ways, false),
        ];
        random.of(breaks)();
      }
    });
    expect(fleet.members.filter(({ worker }) => worker.hasExited())).toEqual([]);
    await runUntilEmpty(stack);
    await fleet.killAll();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
