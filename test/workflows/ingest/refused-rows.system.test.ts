import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessage } from '../../support/data/login-messages.ts';
import { reconcileJson } from '../../support/reconcile-command.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const CONSTRAINT = `check (device_type in ('iOS', 'android'))`;
const REASON = 'user_logins: a row breaks a constraint (23514, known_devices)';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.pool.query(`alter table user_logins add constraint known_devices ${CONSTRAINT}`);
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

/** Every third is of a device that the table does not take. */
const messages = (count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    loginMessage(index, { device_type: index % 3 === 0 ? 'robot' : 'android' }),
  );

async function expectStored(count: number): Promise<void> {
  expect(await stack.rows()).toHaveLength((count / 3) * 2);
  const quarantine = await stack.quarantine();
  expect(quarantine).toHaveLength(count / 3);
  expect(new Set(quarantine.map(({ reason }) => reason))).toEqual(new Set([REASON]));
  expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
  expect((await reconcileJson(stack.env)).json.findings).toEqual([]);
}

test('900 messages of which the table refuses every third are stored or quarantined in one run', async () => {
  const stop = await stack.startWorker();
  await stack.send(messages(900));
  expect(await stack.run()).toMatchObject({
    ...{ received: 900, inserted: 600, quarantined: 300, acknowledged: 900, duplicates: 0 },
  });
  await expectStored(900);
  await stop();
}, 120_000);

test('a worker that dies while it tries rows one by one costs no message, and no row is counted twice', async () => {
  const first = await stack.spawnWorker();
  await stack.send(messages(1_500));
  const run = await stack.start({ lanes: 1, batchSize: 1_500 });
  const storedRows = async () => (await stack.rows()).length;
  await expect.poll(storedRows, { timeout: 30_000, interval: 20 }).toBeGreaterThan(0);
  await first.kill();
  expect(await storedRows()).toBeLessThan(1_000);
  await stack.spawnWorker();
  expect(await run.result()).toMatchObject({
    ...{ received: 1_500, inserted: 1_000, quarantined: 500, acknowledged: 1_500, duplicates: 0 },
  });
  await expectStored(1_500);
}, 120_000);
