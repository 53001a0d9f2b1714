import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { hasOwnProcess } from '../has-own-process.ts';
import { withClient } from '../in-transaction.ts';
import { lastingSettings, localSettings } from '../session-settings.ts';

const BEGIN = 'begin isolation level repeatable read, read only';

/**
 * Connections that are known to have a server process of their own, whose settings and plans stay with it. Behind a pooler
 * the next transaction has another one.
 */
const direct = new WeakSet<PoolClient>();

const names = new Map<string, string>();

function nameOf(statement: string): string {
  const known = names.get(statement);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(statement).digest('base64url');
  names.set(statement, name);
  return name;
}

/** Plans each statement once: with many partitions that takes longer than most answers. */
const withPlans = (client: PoolClient) =>
  ({
    query: (text: string, values?: unknown[]) =>
      client.query({ name: nameOf(text), text, values: values ?? [] }),
  }) as PoolClient;

type Values = readonly (string | undefined)[];

/** What an answer was read from. */
type Snapshot = {
  /** As `pg_snapshot` is written: which transactions the answer includes. */
  transactions: string;
  /** In which changes of the given values are noted: see 0027_login_changes.sql. */
  slots: readonly (number | null)[];
};

/** @param first number of the first parameter */
const snapshot = (slotsOf: Values, first: number) =>
  `pg_current_snapshot()::text as transactions, array[${slotsOf.map((_, at) => `login_etl_slot($${first + at})`).join(', ')}]::int[] as slots`;

type Options = {
  /** Values whose slots are wanted. */
  slotsOf?: Values;
  /** `act` makes one statement. */
  once?: boolean;
};

/** Reads everything from one snapshot, also behind a pooler in transaction mode. */
export const readSnapshot = <T>(
  pool: Pool,
  act: (client: PoolClient) => Promise<T>,
  { slotsOf = [], once = false }: Options = {},
): Promise<Snapshot & { value: T }> =>
  withClient(pool, (client) => {
    if (!direct.has(client)) return readFirst(pool, client, act, slotsOf);
    return once ? readOnce(client, act, slotsOf) : readTogether(withPlans(client), act, slotsOf);
  });

/** The first statement goes out with `begin`, in one round trip. */
async function readTogether<T>(
  client: PoolClient,
  act: (client: PoolClient) => Promise<T>,
  slotsOf: Values,
  select = 'select',
) {
  const [, taken, value] = await Promise.all([
    client.query(BEGIN),
    client.query<Snapshot & { pid: number }>(
      `${select} ${snapshot(slotsOf, 1)}, pg_backend_pid() as pid`,
      [...slotsOf],
    ),
    act(client),
  ]);
  await client.query('commit');
  const [first] = taken.rows;
  if (!first) throw new Error('a snapshot gave no row');
  return { ...first, value };
}

async function readFirst<T>(
  pool: Pool,
  client: PoolClient,
  act: (client: PoolClient) => Promise<T>,
  slotsOf: Values,
) {
  const read = await readTogether(client, act, slotsOf, `${localSettings(pool)},`);
  if (hasOwnProcess(client, read.pid)) {
    await client.query(lastingSettings(pool));
    direct.add(client);
  }
  return read;
}

/** In one statement, which has one snapshot without a transaction: that takes half the time. */
async function readOnce<T>(
  client: PoolClient,
  act: (client: PoolClient) => Promise<T>,
  slotsOf: Values,
) {
  let taken: Snapshot | undefined;
  const query = async (statement: string, values: readonly unknown[] = []) => {
    if (taken) throw new Error('a read that was to make one statement made another');
    const { rows } = await withPlans(client).query<Snapshot & { found: unknown[] }>(
      `select ${snapshot(slotsOf, values.length + 1)}, (
         select coalesce(json_agg(found), '[]') from (${statement}) as found
       ) as found`,
      [...values, ...slotsOf],
    );
    [taken] = rows;
    return { rows: rows[0]?.found ?? [] };
  };
  const value = await act({ query } as unknown as PoolClient);
  if (!taken) throw new Error('a read made no statement');
  return { ...taken, value };
}
