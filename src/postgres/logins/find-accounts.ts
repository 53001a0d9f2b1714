import type { Pool } from 'pg';
import { type MaskedField, maskedColumn } from '../../domain/login/login-columns.ts';
import { equalsAny } from '../reads/login-filter.ts';

export type Account = { userId: string; logins: number; firstDay: string; lastDay: string };

type FoundAccounts = { accounts: Account[]; total: number };

/** Ids of the masking keys of the rows since then. Reads all of these rows. */
export async function readMaskKeyIds(pool: Pool, since: Date | undefined): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select distinct mask_key_id as id from user_logins
     where $1::timestamptz is null or create_date >= ($1 at time zone 'utc')::date order by 1`,
    [since ?? null],
  );
  return rows.map(({ id }) => id);
}

/** The accounts that share any of these masked values, by number of logins. */
export async function findAccounts(
  pool: Pool,
  field: MaskedField,
  maskedValues: readonly string[],
  { since, limit }: { since?: Date | undefined; limit: number },
): Promise<FoundAccounts> {
  const { rows } = await pool.query<Account & { total: number }>(
    `select user_id as "userId", count(*)::int as logins, min(create_date)::text as "firstDay",
       max(create_date)::text as "lastDay", (count(*) over ())::int as total
     from user_logins
     where ${equalsAny(maskedColumn(field).column, '$1::text[]')} and ($2::timestamptz is null or create_date >= ($2 at time zone 'utc')::date)
     group by user_id order by logins desc, user_id limit $3`,
    [maskedValues, since ?? null, limit],
  );
  return {
    accounts: rows.map(({ total: _total, ...account }) => account),
    total: rows[0]?.total ?? 0,
  };
}
