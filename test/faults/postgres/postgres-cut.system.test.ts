import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';

const COUNT = 200;
const BATCH = 50;
const CUTS = 3;

let stack: FaultStack;
let ways: Ways;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
  ways = await stack.proxied();
  await stack.spawnWorker(ways.env);
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

/** Where, at which statement as pg sends it, and whether Postgres still hears of that. */
const CASES = [
  ['before the transaction begins', 'begin', 'cut'],
  ['when the rows are on their way', 'insert into user_logins', 'cut'],
  ['before the commit gets there', 'commit\0', 'cut'],
  ['after the commit, whose answer is lost', 'commit\0', 'cutAtAnswer'],
  ['after the run is closed in the ledger, which nobody hears', 'finished_at', 'cutAtAnswer'],
] as const;

/** The one that a job gets wrong most easily. */
const SHORT = CASES.filter(([where]) => where.startsWith('after the commit'));

test.each(FULL ? CASES : SHORT)(
  'the connection is cut %s: the batch is stored once, and nothing counts twice',
  async (_, statement, how) => {
    const ids = await stack.send([...loginMessages(COUNT - 1), 'bad']);
    let cuts = 0;
    ways.postgres.setFault((sent, link) => {
      if (!sent.includes(statement) || cuts === CUTS) return true;
      cuts += 1;
      link[how]();
      return how === 'cutAtAnswer';
    });
    const counts = await stack.run({ batchSize: BATCH });
    expect(cuts).toBe(CUTS);
    expect(counts).toEqual({
      received: COUNT,
      inserted: COUNT - 1,
      duplicates: 0,
      quarantined: 1,
      acknowledged: COUNT,
      batches: expect.any(Number),
    });
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
