import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { reconcileJson } from '../../support/reconcile-command.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { closedGate } from '../support/gate.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

const COUNT = 150;
const BATCH = 50;

let stack: FaultStack;
let ways: Ways;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 3 });
  ways = await stack.proxied();
  await stack.spawnWorker(ways.env);
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

test(
  'a run is terminated while its first batch is not stored, and others are: the rest comes back, and the ledger adds up',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    const gate = closedGate();
    let held = 0;
    ways.postgres.setFault(async (sent, link) => {
      // The first transaction of all, before it has done anything.
      if (sent.includes('begin') && held === 0) {
        held += 1;
        await gate.pass();
        link.cut();
        return false;
      }
      return true;
    });
    const run = await stack.start({ lanes: 3, batchSize: BATCH });
    await until('the others are stored', async () => (await storedMessages(stack)) >= BATCH);
    await run.terminate('by the test');
    gate.open();
    await expect(run.result()).rejects.toThrow();

    await runUntilEmpty(stack);
    const { json } = await reconcileJson(stack.env);
    expect(json.runs.map(({ state }) => state)).toContain('terminated');
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
