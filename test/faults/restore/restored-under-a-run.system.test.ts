import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginMessage, loginMessages } from '../../support/data/login-messages.ts';
import { type SavedDatabase, saveDatabase } from '../../support/servers/saved-database.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

const GOOD = FULL ? 300 : 100;
/** Too few to make a run wait when no row is stored with them. */
const REFUSED = 12;
const BAD = 10;
const COUNT = GOOD + REFUSED + BAD;

let stack: FaultStack;
let saved: SavedDatabase;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600, ownPostgres: {} });
  await stack.pool.query(
    `alter table user_logins add constraint no_robots check (device_type <> 'robot')`,
  );
  saved = await saveDatabase(stack.postgres as TestPostgres);
});
afterAll(async () => {
  await stack?.stop();
  await saved?.remove();
});

const bodies = (): string[] => [
  ...loginMessages(GOOD),
  ...Array.from({ length: REFUSED }, (_, number) =>
    loginMessage(GOOD + number, { device_type: 'robot' }),
  ),
  ...Array.from({ length: BAD }, (_, number) => `not JSON ${number}`),
];

/** Cuts every delete off until the returned function is called. */
function holdDeletes(): () => void {
  let answering = false;
  stack.sqs.proxy.setFault(({ action }, passOn) =>
    answering || action !== 'DeleteMessageBatch' ? passOn() : undefined,
  );
  return () => {
    answering = true;
  };
}

test.each([
  ...(FULL ? [['the worker that inserted them', false] as const] : []),
  ['another worker, which has none of their parts in memory', true] as const,
])(
  'a database that is restored to a time before the inserts has no message acknowledged until %s has inserted it again',
  async (_, another) => {
    await saved.restore();
    const letDelete = holdDeletes();
    const worker = await stack.spawnWorker();
    const ids = await stack.send(bodies());
    const run = await stack.start({ lanes: 16, batchSize: 50 });
    await until('all are committed', async () => (await storedMessages(stack)) === COUNT);

    await saved.restore();
    // Lanes that retry their deletes insert at once.
    expect(await storedMessages(stack)).toBeLessThan(COUNT);
    if (another) {
      await worker.kill();
      await stack.spawnWorker();
    }
    letDelete();

    expect(await run.result()).toMatchObject({
      ...{ received: COUNT, inserted: GOOD, quarantined: REFUSED + BAD, acknowledged: COUNT },
    });
    await expectOnceEach(stack, ids);
    await stack.clear();
  },
  PATIENCE_MS,
);
