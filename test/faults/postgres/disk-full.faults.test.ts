import { afterAll, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { makeTinyDisk, type TinyDisk } from '../support/tiny-disk.ts';
import {
  expectNothingReceived,
  untilAllLanesWait,
  untilRetried,
} from '../support/until-waiting.ts';

const COUNT = 10_000;
const LANES = 3;
const ROOM_BYTES = 600_000;

let disk: TinyDisk | undefined;
let stack: FaultStack | undefined;

afterAll(async () => {
  try {
    await stack?.stop();
  } finally {
    await disk?.remove();
  }
});

test(
  'the disk of user_logins really is full: all lanes wait, and go on when there is room',
  async ({ skip }) => {
    disk = await makeTinyDisk(16);
    if (!disk) return skip('mounting a small file system takes root');
    stack = await startFaultStack({ visibilityTimeoutSeconds: 600, ownPostgres: {} });
    const { dataDirectory } = (stack.postgres as TestPostgres).server;
    // Not within a transaction, which each query of the pool is.
    const client = await stack.pool.connect();
    await client.query(
      `create tablespace tiny location '${await disk.directoryLike(dataDirectory)}'`,
    );
    client.release();
    const { rows } = await stack.pool.query<{ partition: string }>(
      `select 'user_logins_' || to_char(now() at time zone 'utc', 'YYYY_MM') as partition`,
    );
    const partition = rows[0]?.partition;
    await stack.pool.query(`alter table ${partition} set tablespace tiny`);
    await stack.pool.query(`alter index ${partition}_pkey set tablespace tiny`);
    await disk.fill(ROOM_BYTES);

    const ids = await stack.send(loginMessages(COUNT));
    const ways = await stack.proxied();
    const worker = await stack.spawnWorker(ways.env);
    const run = await stack.start({ lanes: LANES, batchSize: 500 });
    await untilRetried(stack, run, /insertBatch: .*disk.*\(53100\)/);
    await untilAllLanesWait(run, LANES);
    await expectNothingReceived(ways.sqs, 5_000);
    const before = await storedMessages(stack);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(COUNT);

    await disk.empty();
    expect(await run.result()).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
    await worker.kill();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
