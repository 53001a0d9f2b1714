import pg, { type Pool } from 'pg';

/** How many rows a key was used for, and when first and last. */
export type KeyUseInTables = { id: string; rows: number; first: Date; last: Date };

const MASKING = `
  select mask_key_id as id, count(*)::float8 as rows, min(inserted_at) as first, max(inserted_at) as last
  from user_logins group by mask_key_id`;

const VAULT = `
  select id, sum(rows)::float8 as rows, min(first) as first, max(last) as last from (
    select vault_key_id as id, count(*) as rows, min(made_at) as first, max(made_at) as last
    from vault_data_keys group by 1
    union all
    select vault_key_id, count(*), min(quarantined_at), max(quarantined_at) from quarantine group by 1
    union all
    select vault_key_id, count(*), min(replaced_at), max(replaced_at) from quarantine_versions group by 1
  ) as used group by id`;

const INSUFFICIENT_PRIVILEGE = '42501';

/** Undefined for a table that this role may not read. Reads every row of user_logins. */
export async function readKeyUse(pool: Pool) {
  return { masking: await read(pool, MASKING), vault: await read(pool, VAULT) };
}

async function read(pool: Pool, query: string): Promise<KeyUseInTables[] | undefined> {
  try {
    return (await pool.query<KeyUseInTables>(query)).rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)
      return undefined;
    throw error;
  }
}
