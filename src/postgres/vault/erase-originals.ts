import pg, { type Pool, type PoolClient } from 'pg';
import { MASKED_COLUMNS, type MaskedPlural } from '../../domain/login/login-columns.ts';
import type { MaskedValue } from '../../domain/login/sealed-original.ts';
import { USER_PREFIX } from '../ingest/erased-values.ts';
import { lockInserts } from '../ingest/insert-lock.ts';
import { readDetached } from '../partitions/read-months.ts';
import { equalsValue } from '../reads/login-filter.ts';
import { toColumns } from './read-originals.ts';
import { EACH_VALUE, REMOVE_UNUSED_DATA_KEYS } from './vault-statements.ts';

/** The originals of all logins of an account, or of these values. */
export type EraseTarget =
  | { userId: string; keepShared: boolean }
  | { values: readonly MaskedValue[] };

/** An erasure that a restore has undone. What later messages brought stays. */
type EarlierErasure = {
  erasedAt: string;
  /** False while rows are missing: then messages of other accounts may still bring what is erased here. */
  noteValues: boolean;
};

export type VaultCounts = Record<MaskedPlural, number> & {
  /** Those of them that other accounts have, too. */
  shared: number;
};

/** $1 account, $2 when they were erased before, or null. */
const valuesIn = (table: string): string => `
  select distinct field, value as "maskedHex" from ${table} ${EACH_VALUE}
  where user_id = $1 and sent_at <= coalesce($2::timestamptz, 'infinity') and value ~ '^([0-9a-f]{2})+$'`;

/** Each once: `MEANT` is joined. */
type Meant = MaskedValue & { shared: boolean };

const MEANT = `
  meant as (
    select distinct on (masked_value, field) masked_value, field, shared
    from unnest($1::bytea[], $2::text[], $3::boolean[]) as these (masked_value, field, shared)
  )`;

const columnsOf = (meant: readonly Meant[]) => [
  ...toColumns(meant),
  meant.map(({ shared }) => shared),
];

// A value may be in both tables.
const COUNT_FIELDS = MASKED_COLUMNS.map(
  ({ field, masked }) =>
    `count(distinct masked_value) filter (where field = '${field}')::int as "${masked.plural}"`,
).join(', ');
const COUNTS = `${COUNT_FIELDS},
    count(distinct (field, masked_value)) filter (where shared)::int as shared`;

/** Looks in user_logins, and in the months that were detached and not yet dropped. */
async function readMeant(
  client: Pool | PoolClient,
  target: EraseTarget,
  erasedAt?: string,
): Promise<Meant[]> {
  if (!('userId' in target)) return target.values.map((value) => ({ ...value, shared: false }));
  const { userId, keepShared } = target;
  const detached = (await readDetached(client)).map(({ table }) => pg.escapeIdentifier(table));
  const tables = ['user_logins', ...detached];
  const own = new Map<string, MaskedValue>();
  for (const table of tables) {
    const values = [userId, erasedAt ?? null];
    const { rows } = await client.query<MaskedValue>(valuesIn(table), values);
    for (const row of rows) own.set(`${row.field}:${row.maskedHex}`, row);
  }
  const meant: Meant[] = [];
  for (const value of own.values()) {
    const isInRow = (condition: string, parameter: string) =>
      findRow(client, tables, value, condition, parameter);
    if (erasedAt !== undefined && (await isInRow('sent_at > $2', erasedAt))) continue;
    const shared = await isInRow('user_id <> $2', userId);
    if (!shared || !keepShared) meant.push({ ...value, shared });
  }
  return meant;
}

/**
 * Whether a row has the value: a statement for each value ends with the first such row, where millions may have an address,
 * and Citus has a plan for it.
 */
async function findRow(
  client: Pool | PoolClient,
  tables: readonly string[],
  { field, maskedHex }: MaskedValue,
  condition: string,
  parameter: string,
): Promise<boolean> {
  const column = MASKED_COLUMNS.find((each) => each.field === field)?.column ?? '';
  for (const table of tables) {
    const { rowCount } = await client.query(
      `select 1 from ${table} where ${equalsValue(column, '$1::varchar')} and ${condition} limit 1`,
      [maskedHex, parameter],
    );
    if (rowCount) return true;
  }
  return false;
}

/** Counts these originals in the vault. */
export async function countOriginals(pool: Pool, target: EraseTarget): Promise<VaultCounts> {
  const { rows } = await pool.query<VaultCounts>(
    `with ${MEANT} select ${COUNTS} from meant join sealed_originals using (masked_value, field)`,
    columnsOf(await readMeant(pool, target)),
  );
  return rows[0] as VaultCounts;
}

/**
 * Deletes these originals, and the data keys that no longer seal anything. Noted, so that messages that were sent before
 * do not bring them back (`erased-values.ts`). Inserts are locked out until the transaction ends: those before have
 * committed their originals, which are deleted, and those after see what was noted. Finding an account's values takes
 * long, so inserts go on meanwhile.
 * @param alike the same originals as other keys mask them, which messages of another time may bring
 */
export async function eraseOriginals(
  client: PoolClient,
  target: EraseTarget,
  alike: readonly MaskedValue[] = [],
  earlier?: EarlierErasure,
): Promise<VaultCounts & { dataKeys: number }> {
  const meant = await readMeant(client, target, earlier?.erasedAt);
  await lockInserts(client, 'alone');
  const { rows } = await client.query<VaultCounts & { dataKeyIds: string[] }>(
    `with ${MEANT}, from_vault as (
       delete from vault using meant
       where vault.masked_value = meant.masked_value and vault.field = meant.field
       returning vault.field, vault.masked_value, shared, data_key_id
     ), from_aside as (
       delete from vault_set_aside as aside using meant
       where aside.masked_value = meant.masked_value and aside.field = meant.field
       returning aside.field, aside.masked_value, shared, data_key_id
     ), noted as (
       insert into erased_values (value_hash, erased_at)
       select distinct hash, coalesce($8, clock_timestamp()) from (
         select sha256(convert_to(field || ':', 'UTF8') || masked_value) as hash from meant where $9
         union select sha256(convert_to(field || ':', 'UTF8') || masked_value)
           from unnest($4::bytea[], $5::text[]) as alike (masked_value, field)
         union select sha256(convert_to($6 || user_id, 'UTF8')) from unnest($7::text[]) as user_id
       ) as erased
       on conflict (value_hash) do update set erased_at = greatest(erased_values.erased_at, excluded.erased_at)
     ), gone as (
       select * from from_vault union all select * from from_aside
     )
     select ${COUNTS}, coalesce(array_agg(distinct data_key_id), '{}') as "dataKeyIds" from gone`,
    [
      ...columnsOf(meant),
      ...toColumns(alike),
      ...[USER_PREFIX, 'userId' in target ? [target.userId] : [], earlier?.erasedAt ?? null],
      earlier?.noteValues ?? true,
    ],
  );
  const { dataKeyIds, ...counts } = rows[0] as VaultCounts & { dataKeyIds: string[] };
  const { rowCount } = await client.query(`${REMOVE_UNUSED_DATA_KEYS} and id = any($1)`, [
    dataKeyIds,
  ]);
  return { ...counts, dataKeys: rowCount ?? 0 };
}
