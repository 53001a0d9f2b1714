import { escapeIdentifier, type PoolClient } from 'pg';
import { Problem } from '../../errors/problem.ts';
import { RECORD_IN_LEDGER } from './copy-rows.ts';
import type { DependentView } from './dependents.ts';
import { grantStatement, isReading, readGrants } from './grants.ts';
import type { OldTable } from './old-table.ts';
import { stagingName } from './staging.ts';

/** The old table from the last step on. */
export const KEPT_AS = 'user_logins_before';

type View = {
  definition: string;
  options: string;
  owner: string;
  comment: string | null;
  grants: string[];
};

const READ_VIEW = `
  select pg_get_viewdef(c.oid) as definition, quote_ident(pg_get_userbyid(relowner)) as owner,
    coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '') as options,
    quote_literal(obj_description(c.oid, 'pg_class')) as comment
  from pg_class c where c.oid = $1`;

/** Everything in the staging schema that the last step moves. What belongs to a table moves along with it. */
const OBJECTS = `
  select format('%s %I.%I', case relkind when 'v' then 'view' else 'table' end, nspname, relname) as object, null as path
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where nspname = $1 and relkind in ('r', 'p', 'v') and relname not in ('adoption', 'adoption_ranges')
  union all
  select format('function %s', p.oid::regprocedure), (
    select replace(substr(setting, length('search_path=') + 1), quote_ident($1), quote_ident($2))
    from unnest(proconfig) as setting where setting like 'search\\_path=%'
  )
  from pg_proc p where pronamespace = to_regnamespace(quote_ident($1))`;

/** Indexes of the old table that have the name of a new one. */
const CLASHING_INDEXES = `
  select format('%I.%I', n.nspname, i.relname) as index, quote_ident(left(i.relname, 56) || '_before') as name
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
  where x.indrelid = $1 and to_regclass(format('%I.%I', $2::text, i.relname)) is not null`;

const READERS = [
  'login_etl_worker',
  'login_etl_analyst',
  'login_etl_custodian',
  'login_etl_reader',
];
const OWNER = `select quote_ident(pg_get_userbyid(relowner)) as owner from pg_class where oid = to_regclass($1)`;

/**
 * The last step, in one transaction with the caller's: the old table gets another name, and ours take its place, with
 * its grants and views. Only the catalog changes.
 */
export async function switchTables(
  client: PoolClient,
  old: OldTable,
  views: readonly DependentView[],
): Promise<void> {
  const staging = stagingName(old);
  const schema = escapeIdentifier(old.schema);
  const run = (statement: string) => client.query(statement);
  await run(`lock table ${old.name} in access exclusive mode`);
  await run(RECORD_IN_LEDGER);
  await run('drop index if exists adoption_range');

  // From here on names without a schema are those of the old table's schema, as in the definitions of its views.
  await run(`set local search_path = ${schema}, pg_temp`);
  const definitions = [];
  for (const view of views) definitions.push({ ...view, ...(await readView(client, view)) });
  for (const { name } of definitions.toReversed()) await run(`drop view ${name}`);

  const { rows: indexes } = await client.query<{ index: string; name: string }>(CLASHING_INDEXES, [
    old.oid,
    staging,
  ]);
  for (const { index, name } of indexes) await run(`alter index ${index} rename to ${name}`);
  await run(`alter table ${old.name} rename to ${KEPT_AS}`);
  await run(`drop table if exists ${schema}.login_etl_migrations`);
  await moveObjects(client, old);
  await grantReaders(client, old);
  for (const view of definitions) await createView(client, view);
  await run(`drop schema ${staging} cascade`);
}

async function readView(client: PoolClient, { oid, name }: DependentView): Promise<View> {
  const { rows } = await client.query<Omit<View, 'grants'>>(READ_VIEW, [oid]);
  const [view] = rows;
  if (!view) throw new Error(`view ${name} is gone`);
  const grants = await readGrants(client, oid);
  return { ...view, grants: grants.map((grant) => grantStatement(grant, name)) };
}

async function createView(
  client: PoolClient,
  { name, options, definition, owner, comment, grants }: View & DependentView,
): Promise<void> {
  const statements = [
    `create view ${name}${options} as ${definition}`,
    ...(comment === null ? [] : [`comment on view ${name} is ${comment}`]),
    ...grants,
    `alter view ${name} owner to ${owner}`,
  ];
  try {
    for (const statement of statements) await client.query(statement);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || code.startsWith('55') || code.startsWith('40')) throw error;
    throw new Problem(
      `view ${name} cannot be created on the new table`,
      `${(error as Error).message} (${code})`,
      'Nothing was changed. Change or drop the view, then run `login-etl migrate --adopt` again.',
    );
  }
}

async function moveObjects(client: PoolClient, old: OldTable): Promise<void> {
  const schema = escapeIdentifier(old.schema);
  const { rows } = await client.query<{ object: string; path: string | null }>(OBJECTS, [
    stagingName(old),
    old.schema,
  ]);
  for (const { object, path } of rows) {
    // First, since moving a function changes its name.
    if (path !== null) await client.query(`alter ${object} set search_path = ${path}`);
    await client.query(`alter ${object} set schema ${schema}`);
  }
  const { rows: owners } = await client.query<{ owner: string }>(OWNER, [old.name]);
  const owner = owners[0]?.owner ?? '';
  await client.query(`grant usage, create on schema ${schema} to ${owner}`);
  await client.query(`grant usage on schema ${schema} to ${READERS.join(', ')}`);
  await client.query(`alter table ${schema}.user_logins_set_aside owner to ${owner}`);
  const { rows: without } = await client.query<{ role: string }>(
    `select role from unnest($1::text[]) as role where not has_schema_privilege(role, $2, 'usage')`,
    [READERS, old.schema],
  );
  if (without.length === 0) return;
  throw new Problem(
    'user_logins was not adopted',
    `${without.map(({ role }) => role).join(', ')} may not use schema ${old.schema}, and this database user may not grant it`,
    `As the owner of the schema: grant usage on schema ${schema} to ${READERS.join(', ')}. Then run this again.`,
  );
}

async function grantReaders(client: PoolClient, old: OldTable): Promise<void> {
  const grants = (await readGrants(client, old.oid)).filter(isReading);
  for (const grant of grants) await client.query(grantStatement(grant, old.name));
  // Its views read with their owner's rights, which often is the table's owner.
  await client.query(`grant select on ${old.name} to ${escapeIdentifier(old.owner)}`);
}
