import type { Pool, PoolClient } from 'pg';
import type { DetachedTable, MonthTable } from '../../domain/tables/tables-state.ts';

const MONTHS = `
  select translate(substring(relname from '[0-9]{4}_[0-9]{2}$'), '_', '-') as month, relname as "table",
    nullif(reltuples, -1)::float8 as rows, pg_total_relation_size(pg_class.oid)::float8 as bytes
  from pg_inherits join pg_class on pg_class.oid = inhrelid
  where inhparent = to_regclass('user_logins') and relname ~ '^user_logins_[0-9]{4}_[0-9]{2}$'
  order by 1`;

export const readMonths = async (pool: Pool): Promise<MonthTable[]> =>
  (await pool.query<MonthTable>(MONTHS)).rows;

const DETACHED = `
  select to_char(month, 'YYYY-MM') as month, table_name as "table", rows::float8,
    coalesce(pg_total_relation_size(to_regclass(table_name)), 0)::float8 as bytes, backup, detached_at as "detachedAt",
    originals_at as "originalsAt"
  from retired_months where detached_at is not null and dropped_at is null order by month, table_name`;

export const readDetached = async (client: Pool | PoolClient): Promise<DetachedTable[]> =>
  (await client.query<DetachedTable>(DETACHED)).rows;
