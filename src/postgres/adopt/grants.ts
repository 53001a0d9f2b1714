import type { PoolClient } from 'pg';

type Grant = {
  privilege: string;
  grantee: string;
  /** The column, with its parentheses; empty for the whole table. */
  column: string;
  option: string;
};

const GRANTS = `
  with acls as (
    select relacl as acl, relowner as owner, '' as column from pg_class where oid = $1
    union all
    select attacl, relowner, format(' (%I)', attname) from pg_attribute join pg_class on pg_class.oid = attrelid
    where attrelid = $1 and attnum > 0 and not attisdropped
  )
  select privilege_type as privilege, acls.column, case when grantee = 0 then 'public'
    else quote_ident(pg_get_userbyid(grantee)) end as grantee,
    case when is_grantable then ' with grant option' else '' end as option
  from acls, aclexplode(acl) where grantee <> owner order by 1, 2, 3`;

/** What the others may do with a table or view. */
export const readGrants = async (client: PoolClient, oid: string): Promise<Grant[]> =>
  (await client.query<Grant>(GRANTS, [oid])).rows;

/** Rights that are worth having on a table that only login-etl writes to. */
export const isReading = ({ privilege }: Grant): boolean => privilege === 'SELECT';

export const grantStatement = ({ privilege, column, grantee, option }: Grant, name: string) =>
  `grant ${privilege}${column} on ${name} to ${grantee}${option}`;

export const describeGrant = ({ privilege, column, grantee }: Grant): string =>
  `${privilege.toLowerCase()}${column} to ${grantee}`;
