import pg, { type Pool } from 'pg';

type FileCheck =
  /** The extension is missing, or the role may not use it. */
  { checked: false } | { checked: true; tables: number; indexes: number; damaged: string[] };

const AVAILABLE = `
  select coalesce(bool_and(has_function_privilege(oid, 'execute')), false) and count(*) >= 2 as available
  from pg_proc where proname in ('bt_index_check', 'verify_heapam')
    and pronamespace = (select extnamespace from pg_extension where extname = 'amcheck')`;

const OBJECTS = `
  select c.oid::regclass::text as name, c.relkind in ('r', 'm') as "isTable"
  from pg_class as c left join pg_index as i on i.indexrelid = c.oid left join pg_am on pg_am.oid = c.relam
  where c.relnamespace = current_schema()::regnamespace
    and (c.relkind = 'r' or (c.relkind = 'i' and pg_am.amname = 'btree' and i.indisvalid and i.indisready))
  order by pg_relation_size(c.oid)`;

/** Reads every table and index of the schema with amcheck, as far as this role may. */
export async function checkFiles(pool: Pool): Promise<FileCheck> {
  const { rows: available } = await pool.query<{ available: boolean }>(AVAILABLE);
  if (!available[0]?.available) return { checked: false };
  const { rows } = await pool.query<{ name: string; isTable: boolean }>(OBJECTS);
  const damaged: string[] = [];
  for (const { name, isTable } of rows) {
    if (!(await isSound(pool, name, isTable))) damaged.push(name);
  }
  const tables = rows.filter(({ isTable }) => isTable).length;
  return { checked: true, tables, indexes: rows.length - tables, damaged };
}

async function isSound(pool: Pool, name: string, isTable: boolean): Promise<boolean> {
  try {
    if (!isTable) {
      await pool.query('select bt_index_check($1::regclass, true)', [name]);
      return true;
    }
    const { rowCount } = await pool.query('select from verify_heapam($1::regclass) limit 1', [
      name,
    ]);
    return rowCount === 0;
  } catch (error) {
    // What amcheck finds in an index, and what Postgres itself finds in a page.
    if (error instanceof pg.DatabaseError && error.code?.startsWith('XX')) return false;
    throw error;
  }
}
