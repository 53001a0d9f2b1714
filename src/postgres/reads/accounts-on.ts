import type { Pool, PoolClient } from 'pg';
import { conditions, type LoginFilter } from './login-filter.ts';

type AccountSeen = { user_id: string; logins: number; first_day: string; last_day: string };

/** Rows that are read to list the accounts of a device or address, so that a hub takes no longer. */
const MOST_ROWS = 50_000;

/**
 * The accounts in the logins that fit, such as those of one device, with the most logins first.
 * @returns `atLeast` when more logins fit than are read: then the latest were
 */
export async function accountsOn(
  db: Pool | PoolClient,
  filter: LoginFilter,
  limit: number,
): Promise<{ accounts: AccountSeen[]; total: number; atLeast: boolean }> {
  const { where, values } = conditions(filter);
  const { rows } = await db.query<AccountSeen & { total: number; rows: number }>(
    `with latest as (
       select user_id, create_date from user_logins where ${where.join(' and ')}
       order by create_date desc limit $${values.push(MOST_ROWS + 1)}
     )
     select user_id, count(*)::int as logins, min(create_date)::text as first_day,
       max(create_date)::text as last_day, (count(*) over ())::int as total, (sum(count(*)) over ())::int as rows
     from latest group by user_id order by count(*) desc, user_id limit $${values.push(limit)}`,
    values,
  );
  return {
    accounts: rows.map(({ total: _total, rows: _rows, ...account }) => account),
    total: rows[0]?.total ?? 0,
    atLeast: (rows[0]?.rows ?? 0) > MOST_ROWS,
  };
}
