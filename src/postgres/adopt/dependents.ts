import type { PoolClient } from 'pg';
import type { OldTable } from './old-table.ts';

/** A view that reads the old table, directly or through other views. */
export type DependentView = { oid: string; name: string };

export type Dependents = {
  /** Each after those that it reads. */
  views: DependentView[];
  /** What keeps the table from being adopted. */
  refused: string[];
  /** What stays with the old table. */
  left: string[];
};

type Dependent = {
  class: string;
  description: string;
  kind: string | null;
  contype: string | null;
  own: boolean | null;
  viewOid: string | null;
  viewName: string | null;
  viewOwner: string | null;
  viewIsOurs: boolean | null;
};

const DEPENDENTS = `
  select distinct d.classid::regclass::text as class,
    case when v.relkind = 'm' then 'materialized view ' || v.oid::regclass
      else pg_describe_object(d.classid, d.objid, 0) end as description,
    coalesce(v.relkind, c.relkind)::text as kind, con.contype::text,
    coalesce(v.oid = $1, con.conrelid = $1) as own,
    v.oid::text as "viewOid", quote_ident(n.nspname) || '.' || quote_ident(v.relname) as "viewName",
    pg_get_userbyid(v.relowner) as "viewOwner", pg_has_role(v.relowner, 'usage') as "viewIsOurs"
  from pg_depend d
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    left join pg_class v on v.oid = r.ev_class
    left join pg_namespace n on n.oid = v.relnamespace
    left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    left join pg_constraint con on d.classid = 'pg_constraint'::regclass and con.oid = d.objid
  where (d.refclassid = 'pg_class'::regclass and d.refobjid = $1)
    or (d.refclassid = 'pg_type'::regclass and d.deptype <> 'i' and d.refobjid in (
      select t.oid from pg_type t where t.typrelid = $1
      union all select t.typarray from pg_type t where t.typrelid = $1
    ))
  order by 1, 2`;

const OTHERS = `
  select 'it has row-level security' as description from pg_class where oid = $1 and relrowsecurity
  union all select 'it inherits from ' || inhparent::regclass from pg_inherits where inhrelid = $1
  union all select 'publication ' || pubname || ' publishes it' from pg_publication_tables
    where format('%I.%I', schemaname, tablename) = $2`;

/** Whatever Postgres records as depending on the table. A kind that is not known here is refused. */
export async function readDependents(client: PoolClient, old: OldTable): Promise<Dependents> {
  const found: Dependents = { views: [], refused: [], left: [] };
  const { rows } = await client.query<{ description: string }>(OTHERS, [old.oid, old.name]);
  found.refused.push(...rows.map(({ description }) => description));
  const seen = new Map<string, DependentView>();
  await follow(old.oid, true);
  // Those that were found last are read by none that comes after them.
  found.views = [...seen.values()];
  return found;

  async function follow(oid: string, isTable: boolean): Promise<void> {
    const { rows: dependents } = await client.query<Dependent>(DEPENDENTS, [oid]);
    for (const dependent of dependents) {
      const { viewOid, viewName } = dependent;
      if (dependent.class === 'pg_rewrite' && dependent.kind === 'v' && viewOid && viewName) {
        if (viewOid === oid) continue;
        if (!dependent.viewIsOurs) {
          found.refused.push(`view ${viewName} belongs to ${dependent.viewOwner}, not to you`);
        }
        // A view comes after everything that it reads, so it moves behind what was found before.
        seen.delete(viewOid);
        seen.set(viewOid, { oid: viewOid, name: viewName });
        await follow(viewOid, false);
        continue;
      }
      const fate = isTable ? fateOf(dependent) : fateOfViews(dependent);
      if (fate === 'left') found.left.push(dependent.description);
      if (fate === 'refused') found.refused.push(`${dependent.description} depends on it`);
    }
  }
}

type Fate = 'refused' | 'left' | 'goes along';

function fateOf({ class: kind, kind: relkind, contype, own }: Dependent): Fate {
  switch (kind) {
    case 'pg_constraint':
      if (!own || contype === 'f' || contype === 't') return 'refused';
      return contype === 'n' ? 'goes along' : 'left';
    case 'pg_class':
      if (relkind === 'i') return 'left';
      return relkind === 'S' || relkind === 't' ? 'goes along' : 'refused';
    case 'pg_statistic_ext':
      return 'left';
    case 'pg_attrdef':
    case 'pg_type':
      return 'goes along';
    default:
      return 'refused';
  }
}

const fateOfViews = ({ class: kind }: Dependent): Fate =>
  kind === 'pg_type' ? 'goes along' : 'refused';
