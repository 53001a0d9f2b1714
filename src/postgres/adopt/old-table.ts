import type { PoolClient } from 'pg';
import { TABLE_COLUMNS } from '../../domain/login/login-columns.ts';
import { Problem } from '../../errors/problem.ts';

/** A `user_logins` that login-etl did not create. */
export type OldTable = {
  oid: string;
  schema: string;
  /** With its schema, quoted. */
  name: string;
  owner: string;
  /** Changes when its columns do, or the place of every row: when it is rewritten (VACUUM FULL, CLUSTER). */
  shape: string;
  pages: number;
  bytes: number;
  /** As Postgres estimates. */
  rows: number;
  /** Expressions over the alias `o` for the seven columns, in their order. */
  values: readonly string[];
  /** Columns beside the seven: name and type, quoted. */
  extra: readonly { name: string; type: string }[];
  /** The names of all its columns, quoted, in its order. */
  columns: readonly string[];
};

/** SQL for the shape of a table. */
export const shapeOf = (oid: string): string => `
  select concat_ws(' ', pg_relation_filenode(${oid}), md5(string_agg(concat_ws(' ', attname, atttypid, atttypmod), ',' order by attnum)))
  from pg_attribute where attrelid = ${oid} and attnum > 0 and not attisdropped`;

const FIND = `
  select c.oid::text, n.nspname as schema, format('%I.%I', n.nspname, c.relname) as name,
    pg_get_userbyid(c.relowner) as owner, (${shapeOf('c.oid')}) as shape,
    (pg_relation_size(c.oid) / current_setting('block_size')::int)::float8 as pages,
    pg_total_relation_size(c.oid)::float8 as bytes, greatest(c.reltuples, 0)::float8 as rows,
    c.relkind, c.relpersistence, n.nspname = current_schema() as "inFirstSchema", current_schema() as "firstSchema",
    pg_has_role(c.relowner, 'usage') as "isOurs",
    has_database_privilege(current_database(), 'create') as "mayCreateSchema",
    has_schema_privilege(n.oid, 'create') as "mayCreateTable",
    current_setting('server_version_num')::int as version
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = to_regclass('user_logins')`;

const COLUMNS = `
  select attname as name, quote_ident(attname) as quoted, format_type(atttypid, atttypmod) as type,
    atttypid::regtype::text as "baseType"
  from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped order by attnum`;

type Found = Omit<OldTable, 'values' | 'extra' | 'columns'> & {
  relkind: string;
  relpersistence: string;
  inFirstSchema: boolean;
  firstSchema: string | null;
  isOurs: boolean;
  mayCreateSchema: boolean;
  mayCreateTable: boolean;
  version: number;
};
type Column = { name: string; quoted: string; type: string; baseType: string };

const TEXT_TYPES = [
  ...['text', 'character varying', 'character', 'uuid'],
  ...['smallint', 'integer', 'bigint'],
];
/** What takes a column to the UTC day. */
const DAY_OF: Readonly<Record<string, (column: string) => string>> = {
  date: (column) => column,
  'timestamp without time zone': (column) => `${column}::date`,
  'timestamp with time zone': (column) => `(${column} at time zone 'utc')::date`,
};

/** Ranges of rows by their place are read without reading the whole table only from this version on. */
const MIN_VERSION = 140_000;
/** Beginning of the names of our own columns while rows are copied. */
const RESERVED = 'login_etl_';
const OLD_COLUMNS = TABLE_COLUMNS.slice(0, 7);

/** @throws Problem if there is none, or if it cannot be adopted as it is */
export async function readOldTable(client: PoolClient): Promise<OldTable> {
  const { rows } = await client.query<Found>(FIND);
  const [found] = rows;
  if (!found) {
    throw new Problem(
      'there is nothing to adopt',
      'the schemas of the search_path have no table user_logins',
      'Run `login-etl migrate` without --adopt, which creates it.',
    );
  }
  // Without schemas in the path, the types of other schemas come with their names.
  await client.query('set local search_path = pg_catalog');
  const { rows: columns } = await client.query<Column>(COLUMNS, [found.oid]);
  const problems = [...aboutTable(found), ...aboutColumns(columns)];
  if (problems.length > 0) throw cannotAdopt(problems);
  return {
    ...found,
    values: OLD_COLUMNS.map(({ column }) =>
      expressionOf(columns.find(({ name }) => name === column)),
    ),
    extra: columns
      .filter(({ name }) => !OLD_COLUMNS.some(({ column }) => column === name))
      .map(({ quoted: name, type }) => ({ name, type })),
    columns: columns.map(({ quoted }) => quoted),
  };
}

export const cannotAdopt = (problems: readonly string[]): Problem =>
  new Problem(
    'user_logins cannot be adopted as it is',
    problems.join('; '),
    'Nothing was changed. Solve this, then run `login-etl migrate --adopt` again.',
  );

function aboutTable(table: Found): string[] {
  const { schema, firstSchema, owner } = table;
  return [
    ...(table.relkind === 'r' ? [] : ['it is not a plain table (a view, or partitioned)']),
    ...(table.relpersistence === 't' ? ['it is a temporary table'] : []),
    ...(table.version >= MIN_VERSION ? [] : ['this needs Postgres 14 or later']),
    ...(table.inFirstSchema
      ? []
      : [
          `it is in schema ${schema}, but new tables would be created in ${firstSchema ?? 'none'}: set the search_path`,
        ]),
    ...(table.isOurs
      ? []
      : [`it belongs to ${owner}: run this as that role, or as a member of it`]),
    ...(table.mayCreateSchema
      ? []
      : ['this database user may not create a schema: grant create on the database']),
    ...(table.mayCreateTable
      ? []
      : [`this database user may not create tables: grant create on schema ${schema}`]),
  ];
}

function aboutColumns(columns: readonly Column[]): string[] {
  const wanted = OLD_COLUMNS.flatMap(({ column, type }) => {
    const found = columns.find(({ name }) => name === column);
    if (!found) return [`column ${column} is missing`];
    const fits = type === 'date' ? found.baseType in DAY_OF : TEXT_TYPES.includes(found.baseType);
    return fits ? [] : [`column ${column} has the type ${found.type}, not ${type}`];
  });
  const ours: string[] = TABLE_COLUMNS.slice(7).map(({ column }) => column);
  const taken = columns
    .filter(({ name }) => ours.includes(name) || name.startsWith(RESERVED))
    .map(({ name }) => `login-etl has a column ${name} of its own: rename it`);
  return [...wanted, ...taken];
}

function expressionOf(column: Column | undefined): string {
  if (!column) throw new Error('a column that was found is gone');
  const toDay = DAY_OF[column.baseType];
  return toDay ? toDay(`o.${column.quoted}`) : `o.${column.quoted}::text`;
}
