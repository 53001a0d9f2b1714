import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { untilRunning } from '../../support/worker-process.ts';
import { BATCH, BOUNDARIES } from '../support/boundaries.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 20 });
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

test.each(Object.entries(BOUNDARIES))(
  'SIGKILL when the batch is %s: the next worker goes on from what is recorded',
  async (_, { stored, bring }) => {
    const ids = await stack.send([...loginMessages(BATCH - 2), 'bad', '{}']);
    const ways = await stack.proxied();
    const worker = await stack.spawnWorker(ways.env);
    const run = await bring(ways, () => stack.start({ lanes: 1, batchSize: BATCH }), worker);
    await until('the boundary', async () => (await storedMessages(stack)) === stored);
    await worker.kill();

    const next = await stack.launchWorker(stack.env);
    await untilRunning(next);
    expect(await run.result()).toMatchObject({ inserted: BATCH - 2, quarantined: 2 });
    await runUntilEmpty(stack);
    await next.kill();

    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
