import type { Pool, PoolClient } from 'pg';
import { appendAuditRecord } from '../audit/append-audit-record.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { awaitInserts } from '../ingest/await-inserts.ts';
import { findRotation } from './require-rotation.ts';
import { putBackSetAside } from './set-originals-aside.ts';
import { LOCK_VAULT } from './vault-lock.ts';
import { EACH_VALUE, REMOVE_UNUSED_DATA_KEYS } from './vault-statements.ts';

const ORIGINALS_PER_STEP = 5_000;

/** Distinct masked values of some rows, as the vault has them. */
const valuesOf = (rows: string) => `
  select distinct field, decode(value, 'hex') as masked_value from ${rows}
  ${EACH_VALUE}
  where value ~ '^([0-9a-f]{2})+$'`;

const removeNeeded = (rows: string) => `
  delete from retiring_originals using (${valuesOf(rows)}) as needed
  where retiring_originals.masked_value = needed.masked_value and retiring_originals.field = needed.field`;

/** Ranges of create_date, one for each partition, so that no statement reads the whole table. */
const RANGES = `
  select distinct date_trunc('month', day)::date::text as first from (
    select generate_series(oldest, newest + 31, interval '1 month') as day
    from (select min(create_date) as oldest, max(create_date) as newest from user_logins) as bounds
  ) as days order by 1`;

/** Rows that came since, or may have been on their way: a batch knows the vault as it was when its transaction began. */
const RECENT = `user_logins where inserted_at >= $1::timestamptz - interval '1 hour'
  and create_date >= ($1::timestamptz - interval '16 days')::date`;

const SET_ASIDE = `
  with moved as (
    delete from vault using (
      select masked_value, field from retiring_originals join vault using (masked_value, field)
      order by masked_value, field limit ${ORIGINALS_PER_STEP}
    ) as next
    where vault.masked_value = next.masked_value and vault.field = next.field
    returning vault.*
  )
  insert into vault_set_aside select * from moved on conflict (masked_value, field) do nothing`;

const REMOVE = `
  delete from vault_set_aside using (
    select masked_value, field from retiring_originals join vault_set_aside using (masked_value, field)
    order by masked_value, field limit ${ORIGINALS_PER_STEP}
  ) as next
  where vault_set_aside.masked_value = next.masked_value and vault_set_aside.field = next.field`;

/** A rotation of masking keys sets originals aside itself. */
export class RotationOpen extends Error {
  override name = 'RotationOpen';
}

/**
 * Removes the originals that only rows of a detached month need. They are set aside first, and removed only after the
 * inserts that had seen them in the vault have ended without needing them, as in a rotation. It can be interrupted anywhere
 * and run again.
 * @param others tables of other detached months
 * @throws RotationOpen
 */
export async function retireOriginals(
  pool: Pool,
  { table, others }: { table: string; others: readonly string[] },
): Promise<number> {
  // Rows that one re-masks meanwhile are looked at neither here nor there.
  const before = (await findRotation(pool, undefined)) ?? { id: '' };
  const step = (act: (client: PoolClient) => Promise<number>) =>
    boundedTransaction(pool, LOCK_VAULT, async (client) => {
      const rotation = await findRotation(client, undefined);
      if (rotation && (!rotation.ended || rotation.id !== before.id)) {
        throw new RotationOpen('a rotation has not ended');
      }
      return act(client);
    });
  const all = async (statement: string): Promise<number> => {
    let total = 0;
    for (;;) {
      const rows = await step(async (client) => (await client.query(statement)).rowCount ?? 0);
      total += rows;
      if (rows === 0) return total;
    }
  };
  const putBack = () => step(putBackSetAside);

  // What an interrupted attempt left.
  await putBack();
  const { rows: now } = await pool.query<{ at: Date }>('select now() as at');
  const since = now[0]?.at;
  await pool.query('truncate retiring_originals');
  await pool.query(`insert into retiring_originals (field, masked_value) ${valuesOf(table)}`);
  for (const other of others) await pool.query(removeNeeded(other));
  const { rows: ranges } = await pool.query<{ first: string }>(RANGES);
  const ofMonth = `(select * from user_logins
    where create_date >= $1::date and create_date < $1::date + interval '1 month') as rows`;
  for (const { first } of ranges) await pool.query(removeNeeded(ofMonth), [first]);
  await all(SET_ASIDE);
  await awaitInserts(pool);
  await pool.query(removeNeeded(`(select * from ${RECENT}) as rows`), [since]);
  await step(async (client) => {
    const { rows } = await client.query<{ originals: number }>(
      'select count(*)::int as originals from retiring_originals join vault_set_aside using (masked_value, field)',
    );
    const detail = { table, originals: rows[0]?.originals ?? 0 };
    await appendAuditRecord(client, { action: 'originals-remove', reason: 'retention', detail });
    return 0;
  });
  const removed = await all(REMOVE);
  await putBack();
  await pool.query(REMOVE_UNUSED_DATA_KEYS);
  await pool.query('update retired_months set originals_at = now() where table_name = $1', [table]);
  return removed;
}
