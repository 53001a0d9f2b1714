import type { Pool } from 'pg';

const TABLES = ['user_logins', 'quarantine', 'ingest_runs', 'vault'] as const;

/** Up to this size counting takes milliseconds; for larger tables Postgres' estimate is good enough. */
const COUNTED_UP_TO_BYTES = 16 * 1024 * 1024;

/** Sums the partitions of a table. reltuples is -1 until a table has been analyzed. */
const SIZES = `
  select name, has_any_column_privilege(name, 'select') as readable,
    sum(pg_total_relation_size(part))::float8 as bytes,
    sum(greatest(reltuples, 0))::float8 as estimate
  from unnest($1::text[]) as name
  cross join lateral (
    select to_regclass(name)::oid as part
    union select relid::oid from pg_partition_tree(to_regclass(name))
  ) as parts
  join pg_class on pg_class.oid = part and relkind = 'r'
  group by name`;

type SizeRow = {
  name: (typeof TABLES)[number];
  readable: boolean;
  bytes: number;
  estimate: number;
};

type TableSize = { table: string; rows: number; bytes: number };

export async function readTableSizes(pool: Pool): Promise<TableSize[]> {
  const { rows } = await pool.query<SizeRow>(SIZES, [TABLES]);
  const sizes: TableSize[] = [];
  for (const { name, readable, bytes, estimate } of rows) {
    const counted = readable && bytes <= COUNTED_UP_TO_BYTES;
    sizes.push({ table: name, bytes, rows: counted ? await count(pool, name) : estimate });
  }
  return sizes;
}

async function count(pool: Pool, table: (typeof TABLES)[number]): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>(
    `select count(*)::float8 as rows from ${table}`,
  );
  return rows[0]?.rows ?? 0;
}
