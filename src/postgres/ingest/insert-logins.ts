import type { PoolClient } from 'pg';
import type { RowsToInsert } from './batch-to-insert.ts';
import { LOGIN_ID_HASH } from './id-hash.ts';
import {
  LOGIN_ARRAYS,
  LOGIN_COLUMN_NAMES,
  LOGIN_PARAMETERS,
  loginParameters,
} from './login-arrays.ts';

const OWN_COLUMNS = 'create_date, message_id, sent_at, mask_key_id, run_id, batch_number';
const COLUMNS = `${LOGIN_COLUMN_NAMES}, ${OWN_COLUMNS}`;

/** What an insert gives a value to. All other columns of the table have their defaults. */
export const INSERTED_COLUMNS: readonly string[] = COLUMNS.split(', ');

/** A parameter after those of the login's columns. */
const own = (number: number) => `$${LOGIN_PARAMETERS + number}`;

/** The rows of a batch that are not in quarantine or left out. The date is that of `createDate`. */
const ROWS = `
  from (
    select ${LOGIN_COLUMN_NAMES}, create_date, message_id, sent_at, ${own(3)}::text as mask_key_id,
      ${own(4)}::uuid as run_id, ${own(5)}::integer as batch_number, place
    from unnest(${LOGIN_ARRAYS}, ${own(1)}::text[], string_to_array(${own(2)}, ',')::bigint[])
      with ordinality as given (${LOGIN_COLUMN_NAMES}, message_id, sent_at_ms, place)
    cross join lateral to_timestamp(sent_at_ms / 1000.0) as sent_at
    cross join lateral cast(sent_at at time zone 'utc' as date) as create_date
  ) as batch
  where not exists (select from quarantine where quarantine.message_id = batch.message_id)
    and message_id <> all(${own(6)}::text[])`;

// In order, so that two batches that have messages in common wait for each other at most one way. The target: a row
// that breaks another unique index is an error, not a duplicate.
const INSERT_LOGINS = `
  with stored as (
    insert into user_logins (${COLUMNS}) select ${COLUMNS} ${ROWS}
    order by create_date, message_id collate "C"
    on conflict (create_date, message_id) do nothing returning message_id, ${LOGIN_ID_HASH} as id_hash
  )
  select count(*)::int as count, coalesce(sum(id_hash), 0) as "idsSum",
    case when count(*) < ${own(7)} then coalesce(json_agg(message_id), '[]') end as ids
  from stored`;

const INSERT_EACH = `
  select place, code, of_constraint as "constraint", of_column as "column", of_table as "table", raised
  from login_etl_insert_rows(${own(7)}::text[], (
    select jsonb_agg(to_jsonb(batch) order by create_date, message_id collate "C") ${ROWS}
  ))`;

const values = (
  { rows, messageIds, sentAtMs, maskKeyId, batch }: RowsToInsert,
  leftOut: ReadonlySet<string>,
): unknown[] => [
  ...loginParameters(rows),
  ...[messageIds, sentAtMs.join(), maskKeyId, batch.runId, batch.number, [...leftOut]],
];

/** `idsSum`: see `id-hash.ts`. `ids`: null when the insert stored all of them. */
export type InsertedRows = { count: number; idsSum: string; ids: readonly string[] | null };

/**
 * All rows with one statement: one that cannot be stored fails them all.
 * @returns what the insert reports; a trigger may have changed or removed rows since
 */
export async function insertLogins(
  client: PoolClient,
  batch: RowsToInsert,
  leftOut: ReadonlySet<string>,
): Promise<InsertedRows> {
  const none = { count: 0, idsSum: '0', ids: null };
  if (batch.messageIds.length === 0) return none;
  const { rows } = await client.query<InsertedRows>(INSERT_LOGINS, [
    ...values(batch, leftOut),
    batch.messageIds.length,
  ]);
  return rows[0] ?? none;
}

/** A row that Postgres did not take. Names are of the schema; empty where the error has none. */
export type RefusedRow = {
  place: number;
  code: string;
  constraint: string;
  column: string;
  table: string;
  /** A function raised the code on purpose, so that it says nothing about the server. */
  raised: boolean;
};

/** `present`: places of rows whose messages were stored before. */
type EachInserted = { refused: RefusedRow[]; present: number[] };

/** Row by row, within the server: those that cannot be stored are left out. */
export async function insertEachLogin(
  client: PoolClient,
  batch: RowsToInsert,
  leftOut: ReadonlySet<string>,
): Promise<EachInserted> {
  const { rows } = await client.query<RefusedRow | { place: number; code: null }>(INSERT_EACH, [
    ...values(batch, leftOut),
    INSERTED_COLUMNS,
  ]);
  const inOrder = rows.toSorted((a, b) => a.place - b.place);
  return {
    refused: inOrder.filter((row) => row.code !== null),
    present: inOrder.filter(({ code }) => code === null).map(({ place }) => place),
  };
}
