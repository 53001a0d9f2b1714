import type { PoolClient } from 'pg';

/** A view or a foreign table in place of user_logins or a partition may have triggers elsewhere. No rows: also a view. */
const KEEPS_ROWS = `
  select coalesce(bool_and(
    relkind in ('r', 'p') and not exists (select from pg_trigger where tgrelid = pg_class.oid and not tgisinternal)
  ), false) as keeps
  from pg_partition_tree('user_logins') join pg_class on pg_class.oid = relid`;

/**
 * Whether a row that an insert reports stays in user_logins as it was inserted: no trigger can change or remove it. For the
 * transaction of the insert.
 */
export async function keepsRows(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ keeps: boolean }>(KEEPS_ROWS);
  return rows[0]?.keeps ?? false;
}
