import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';
import { until } from '../support/until.ts';
import {
  expectNothingReceived,
  untilAllLanesWait,
  untilRetried,
} from '../support/until-waiting.ts';

const COUNT = FULL ? 400 : 200;
const LANES = 3;
const BATCH = 50;
const MAX_CONNECTIONS = 25;
const TROUBLE_MS = FULL ? 20_000 : 1_000;

let stack: FaultStack;
let ways: Ways;

beforeAll(async () => {
  stack = await startFaultStack({
    visibilityTimeoutSeconds: 600,
    ownPostgres: { max_connections: String(MAX_CONNECTIONS), deadlock_timeout: '500ms' },
  });
  ways = await stack.proxied();
  await stack.spawnWorker(ways.env);
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const query = (text: string) => stack.pool.query(text);

/** Outside a transaction, unlike the pool's statements. */
async function alterSystem(change: string): Promise<void> {
  const client = await stack.pool.connect();
  try {
    await client.query(`alter system ${change}`);
  } finally {
    client.release();
  }
}

/** Takes all free connections, and each that becomes free, until they are given back. */
function takeAllConnections(connectionString: string) {
  const clients: pg.Client[] = [];
  let taking = true;
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  const ended = (async () => {
    while (taking) {
      const client = new pg.Client({ connectionString });
      client.on('error', () => undefined);
      const isFree = await client.connect().then(
        () => clients.push(client) > 0,
        () => false,
      );
      if (isFree) continue;
      resolve();
      await new Promise((next) => setTimeout(next, 10));
    }
  })();
  return {
    taken,
    async giveBack() {
      taking = false;
      await ended;
      await Promise.all(clients.splice(0).map((client) => client.end()));
    },
  };
}

/** Expects a run to wait and receive nothing while the trouble lasts, and to continue when it is over. */
async function expectWaiting(
  { begin, end }: { begin: () => Promise<unknown>; end: () => Promise<unknown> },
  reason: RegExp,
): Promise<void> {
  const ids = await stack.send(loginMessages(COUNT));
  await begin();
  try {
    const run = await stack.start({ lanes: LANES, batchSize: BATCH });
    await untilRetried(stack, run, reason);
    await untilAllLanesWait(run, LANES);
    await expectNothingReceived(ways.sqs, TROUBLE_MS);
    await end();
    const counts = await run.result();
    // Nothing came back while it waited.
    expect(counts).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
  } finally {
    await end();
  }
  await expectOnceEach(stack, ids);
}

test(
  'read-only, as after a failover: the lanes wait, then continue',
  () =>
    expectWaiting(
      {
        begin: async () => {
          await alterSystem('set default_transaction_read_only = on');
          await query('select pg_reload_conf()');
        },
        end: async () => {
          await alterSystem('reset default_transaction_read_only');
          await query('select pg_reload_conf()');
          await until('it may be written to again', async () => {
            const { rows } = await query('show default_transaction_read_only');
            return rows[0]?.default_transaction_read_only === 'off';
          });
        },
      },
      /read-only.*25006/,
    ),
  PATIENCE_MS,
);

/** A trigger raises it for as long as the table `trouble` is there. */
async function expectWaitingWhile(sqlstate: string, reason: RegExp): Promise<void> {
  await query(`
    create function raise_trouble() returns trigger language plpgsql as $$
      begin
        if to_regclass('trouble') is not null then raise exception using errcode = '${sqlstate}'; end if;
        return new;
      end $$;
    create trigger trouble before insert on user_logins for each row execute function raise_trouble()`);
  try {
    await expectWaiting(
      {
        begin: () => query('create table trouble ()'),
        end: () => query('drop table if exists trouble'),
      },
      reason,
    );
  } finally {
    await query('drop function raise_trouble cascade');
  }
}

// The lanes wait as above, so `npm test` leaves these out.
if (FULL) {
  test(
    'the disk is full: no row is refused, and all lanes wait',
    () => expectWaitingWhile('53100', /disk.*53100/),
    PATIENCE_MS,
  );

  test(
    'no free connection: the lanes wait, then continue',
    async () => {
      const connections = takeAllConnections(stack.env.DATABASE_URL as string);
      await expectWaiting(
        {
          begin: async () => {
            await connections.taken;
            // Those that the worker's pool keeps; what becomes free is taken before it asks again.
            await query(
              `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'login-etl worker%'`,
            );
          },
          end: () => connections.giveBack(),
        },
        /connections.*53300/,
      );
    },
    PATIENCE_MS,
  );

  test(
    'a serialization error: the batch is tried again',
    () => expectWaitingWhile('40001', /conflict.*40001/),
    PATIENCE_MS,
  );

  test(
    'a deadlock with another transaction: the batch is tried again',
    async () => {
      const ids = await stack.send(loginMessages(COUNT));
      const other = await stack.pool.connect();
      try {
        await other.query(`set deadlock_timeout = '1 min'`);
        await other.query('begin; lock table quarantine in access exclusive mode');
        const run = await stack.start({ lanes: 1, batchSize: COUNT });
        await until('the insert waits for the other transaction', async () => {
          const { rows } = await query(
            `select from pg_stat_activity where application_name = 'login-etl worker' and wait_event_type = 'Lock'`,
          );
          return rows.length > 0;
        });
        // Now each waits for the other, and the worker is the one that Postgres ends.
        await other.query('lock table user_logins in access exclusive mode');
        await untilRetried(stack, run, /conflict.*40P01/);
        await other.query('commit');
        expect(await run.result()).toMatchObject({
          received: COUNT,
          inserted: COUNT,
          duplicates: 0,
        });
      } finally {
        other.release(true);
      }
      await expectOnceEach(stack, ids);
    },
    PATIENCE_MS,
  );
}

test(
  'a row that breaks a CHECK: that row alone goes to quarantine, the batch is stored',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    await query(`alter table user_logins add constraint no_robots check (user_id <> 'user-7')`);
    try {
      expect(await stack.run({ batchSize: BATCH })).toMatchObject({
        received: COUNT,
        inserted: COUNT - 1,
        quarantined: 1,
        acknowledged: COUNT,
      });
      expect(await stack.quarantine()).toMatchObject([
        { reason: 'user_logins: a row breaks a constraint (23514, no_robots)' },
      ]);
      await expectOnceEach(stack, ids);
    } finally {
      await query('alter table user_logins drop constraint no_robots');
    }
  },
  PATIENCE_MS,
);
