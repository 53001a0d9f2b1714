import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginEtl } from '../../cli/in-process.ts';
import { jsonOf } from '../../cli/login-etl.ts';
import { custodianEnv } from '../../support/custodian.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { type SavedDatabase, saveDatabase } from '../../support/servers/saved-database.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { PATIENCE_MS, RECOVERED } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';

const HALF = RECOVERED / 2;
/** In each hundred one message is not a login event, and the table refuses another. */
const BAD_EVERY = 100;
const ERASED = 'user-7';
const DISCARDED = 'message: is not JSON';

let stack: FaultStack;
let saved: SavedDatabase;
let custodian: Record<string, string>;

type Recovered = {
  counts: Record<string, number>;
  complete: boolean;
  missingKeys: string[];
  erased?: Record<string, number>;
};

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600, ownPostgres: {} });
  custodian = custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
  await stack.pool.query(
    `alter table user_logins add constraint no_robots check (device_type <> 'robot')`,
  );
});
afterAll(async () => {
  await stack?.stop();
  await saved?.remove();
});

/** Accounts repeat, so that both halves have logins of each. */
const bodies = (from: number): string[] =>
  Array.from({ length: HALF }, (_, index) => {
    const number = from + index;
    const user = { user_id: `user-${number % 50}`, device_id: `device-${number % 80}` };
    if (index % BAD_EVERY === 1) return `not JSON ${number}`;
    return loginMessage(number, index % BAD_EVERY === 2 ? { ...user, device_type: 'robot' } : user);
  });

async function command(...args: string[]) {
  const result = await loginEtl(custodian, args);
  expect({ args, ...result }).toMatchObject({ exitCode: 0 });
  return result;
}

async function recover(head: string, ...args: string[]): Promise<Recovered> {
  const options = ['--since', '1h', '--journal', '-', '--json', ...args];
  const result = await loginEtl(custodian, ['recover', ...options], { stdin: head });
  expect(result).toMatchObject({ exitCode: 0 });
  return jsonOf<Recovered>(result);
}

/** Originals of the erased account in the vault. */
async function originalsOfErased(): Promise<number> {
  const { rows } = await stack.pool.query<{ originals: number }>(
    `select count(*)::int as originals from user_logins join sealed_originals
       on masked_value = decode(masked_ip, 'hex') or masked_value = decode(masked_device_id, 'hex')
     where user_id = $1`,
    [ERASED],
  );
  return rows[0]?.originals ?? 0;
}

const snapshot = async () =>
  (
    await stack.pool.query(
      `select (select count(*)::int from user_logins) as logins, (select count(*)::int from quarantine) as quarantined,
         (select count(*)::int from vault) as originals, (select count(*)::int from ingest_batches) as batches,
         (select json_agg(runs order by run_id) from ingest_runs as runs) as runs`,
    )
  ).rows[0];

test(
  `a database is restored to the middle of ${RECOVERED} messages: a recovery loses none, stores none twice, and brings nothing back that was erased`,
  async () => {
    await stack.spawnWorker();
    const first = await stack.send(bodies(0));
    await stack.run({ shards: 2 });
    saved = await saveDatabase(stack.postgres as TestPostgres);
    const second = await stack.send(bodies(HALF));
    await stack.run({ shards: 2 });
    await stack.run();
    await command('erase', '--user', ERASED, '--reason', 'their request', '--yes');
    expect(await originalsOfErased()).toBe(0);
    await command(...['quarantine', 'discard', '--for', DISCARDED, '--reason', 'garbage', '--yes']);
    const { stdout: head } = await command('audit', 'head', '--json');
    expect(head).not.toContain(ERASED);

    await saved.restore();
    expect(await storedMessages(stack)).toBe(HALF);
    expect(await originalsOfErased()).toBeGreaterThan(0);

    const { counts, complete, erased } = await recover(head);
    expect(counts).toMatchObject({ keyMissing: 0, unreadable: 0, beyondRetention: 0 });
    expect(complete).toBe(true);
    expect(erased).toMatchObject({ accounts: 1, messages: HALF / BAD_EVERY });
    expect(counts.inserted).toBe(HALF - (2 * HALF) / BAD_EVERY);
    expect(counts.quarantined).toBe(HALF / BAD_EVERY);
    expect(await originalsOfErased()).toBe(0);
    const { rows: erasures } = await stack.pool.query(
      `select detail ->> 'when' as done from audit_log where action = 'recovery.erase' order by id`,
    );
    expect(erasures).toEqual([{ done: 'before' }, { done: 'after' }]);
    const { rows: departed } = await stack.pool.query<{ id: string }>(
      'select message_id as id from quarantine_departures',
    );
    const gone = new Set(departed.map(({ id }) => id));
    expect(gone.size).toBe((2 * HALF) / BAD_EVERY);
    await expectOnceEach(
      stack,
      [...first, ...second].filter((id) => !gone.has(id)),
    );

    const before = await snapshot();
    const again = await recover(head);
    expect(again.counts).toMatchObject({ inserted: 0, quarantined: 0 });
    expect(again.counts.found).toBe(again.counts.alreadyThere);
    expect(await snapshot()).toEqual(before);
  },
  PATIENCE_MS,
);
