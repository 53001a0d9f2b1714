import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import {
  type BadMessage,
  largeBadMessages,
  loginMessage,
  loginMessages,
  smallBadMessages,
} from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const EMPTY = { visible: 0, inFlight: 0 };

/** More than a thousand, of every kind. */
function thousandBadMessages(): BadMessage[] {
  const kinds = smallBadMessages(0).length;
  const rounds = Array.from({ length: Math.ceil(1_000 / kinds) }, (_, n) => smallBadMessages(n));
  return [...rounds.flat(), ...largeBadMessages(1)];
}

const tally = (reasons: string[]) =>
  reasons.reduce<Record<string, number>>((sums, reason) => {
    sums[reason] = (sums[reason] ?? 0) + 1;
    return sums;
  }, {});

test('a run drains the queue: a thousand bad messages go to quarantine and hold up no good one', async () => {
  const bad = thousandBadMessages();
  const good = loginMessages(3_000 - bad.length);
  const mixed = good.flatMap((body, index) => {
    const other = bad[index];
    return other ? [other.body, body] : [body];
  });
  const ids = await stack.send(mixed);

  const counts = await stack.run();

  expect(counts).toEqual({
    received: 3_000,
    inserted: good.length,
    duplicates: 0,
    quarantined: bad.length,
    acknowledged: 3_000,
    batches: expect.any(Number),
  });
  const [rows, quarantined] = [await stack.rows(), await stack.quarantine()];
  expect([...rows, ...quarantined].map((row) => row.message_id).sort()).toEqual(ids.sort());
  expect(new Set(rows.map((row) => row.user_id)).size).toBe(good.length);
  expect(tally(quarantined.map(({ reason }) => reason))).toEqual(
    tally(bad.map(({ reason }) => reason)),
  );
  expect(await stack.queueDepth()).toEqual(EMPTY);
});

test('a run on an empty queue ends at once, says so with zero counts, and succeeds', async () => {
  const startedAt = performance.now();
  expect(await stack.run()).toEqual(zeroCounts());
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test('a run takes exactly as many messages as it may, also with several lanes', async () => {
  await stack.send(loginMessages(600));
  const counts = await stack.run({ maxMessages: 357, lanes: 4, batchSize: 40 });
  expect(counts).toMatchObject({ received: 357, inserted: 357, acknowledged: 357 });
  expect(await stack.rows()).toHaveLength(357);
  expect(await stack.queueDepth()).toEqual({ visible: 243, inFlight: 0 });
});

test('what comes while a run is under way is drained too', async () => {
  await stack.send(loginMessages(200));
  const handle = await stack.start({ batchSize: 10, lanes: 2 });
  await expect.poll(async () => (await stack.rows()).length).toBeGreaterThan(0);
  await stack.send(loginMessages(100));
  expect(await handle.result()).toMatchObject({ received: 300, inserted: 300 });
  expect(await stack.queueDepth()).toEqual(EMPTY);
});

test('a row that Postgres will not take goes to quarantine, and only that one', async () => {
  const constraint = `constraint no_robots check (user_id <> 'robot')`;
  await stack.pool.query(`alter table user_logins add ${constraint}`);
  try {
    await stack.send([...loginMessages(40), loginMessage(1, { user_id: 'robot' }), 'bad']);
    expect(await stack.run()).toMatchObject({ inserted: 40, quarantined: 2, acknowledged: 42 });
  } finally {
    await stack.pool.query('alter table user_logins drop constraint no_robots');
  }
  expect((await stack.quarantine()).map(({ reason }) => reason).sort()).toEqual([
    'message: is not JSON',
    'user_logins: a row breaks a constraint (23514, no_robots)',
  ]);
});
