import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { OUTAGE_SECONDS, PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';
import {
  expectNothingReceived,
  untilAllLanesWait,
  untilRetried,
} from '../support/until-waiting.ts';

const VISIBILITY_SECONDS = 3;
const COUNT = 1_000;
const LANES = 3;
const BATCH = 50;

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    // What is committed is to survive the crash: the tests' own setting does without.
    ownPostgres: { synchronous_commit: 'on' },
  });
});
afterAll(() => stack?.stop());

test(
  `Postgres crashes, and stays away ${OUTAGE_SECONDS} s longer than the visibility timeout: every lane waits, then goes on`,
  async () => {
    const { server } = stack.postgres as TestPostgres;
    const ids = await stack.send(loginMessages(COUNT));
    const ways = await stack.proxied();
    const worker = await stack.spawnWorker(ways.env);
    const run = await stack.start({ lanes: LANES, batchSize: BATCH });
    await until('some are stored', async () => (await storedMessages(stack)) >= 2 * BATCH);

    await server.kill();
    try {
      await untilRetried(stack, run, /insertBatch: .*(Postgres|network)/);
      await untilAllLanesWait(run, LANES);
      await expectNothingReceived(ways.sqs, (VISIBILITY_SECONDS + OUTAGE_SECONDS) * 1_000);
    } finally {
      await server.restart();
    }

    const counts = await run.result();
    await runUntilEmpty(stack);
    await worker.kill();
    expect(counts.inserted).toBe(COUNT);
    // What the lanes had in hand came back once; the rest of the backlog did not.
    expect(counts.received).toBeLessThanOrEqual(COUNT + 2 * LANES * BATCH);
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
