import type { Pool, PoolClient } from 'pg';
import { changeSchema } from './change-schema.ts';

/** Rows from before a check constraint that do not satisfy it. They stay as they are; new rows must satisfy it. */
export type BrokenConstraint = { table: string; constraint: string; rows: number };

/** Partitions come before their table, so that each is locked only while it is read. */
const NOT_VALIDATED = `
  select conrelid::regclass::text as "table", quote_ident(conname) as "constraint",
    pg_get_expr(conbin, conrelid) as expression, relkind = 'p' as partitioned
  from pg_constraint join pg_class on pg_class.oid = conrelid
  where contype = 'c' and not convalidated
    and relowner = (select relowner from pg_class where oid = to_regclass('user_logins'))
    and relnamespace = (select relnamespace from pg_class where oid = to_regclass('user_logins'))
  order by partitioned, 1, 2`;

type NotValidated = { table: string; constraint: string; expression: string; partitioned: boolean };

const CHECK_VIOLATION = '23514';

/**
 * Validates check constraints that a migration added as not valid, without holding up inserts: the validation reads a table
 * under a lock that only keeps out other schema changes.
 * @returns the constraints that rows break
 */
export async function validateConstraints(
  pool: Pool,
  becomeOwner: (client: PoolClient) => Promise<void>,
): Promise<BrokenConstraint[]> {
  const { rows: pending } = await pool.query<NotValidated>(NOT_VALIDATED);
  const broken: BrokenConstraint[] = [];
  for (const { table, constraint, expression, partitioned } of pending) {
    try {
      await changeSchema(pool, async (client) => {
        await becomeOwner(client);
        await client.query(`alter table ${table} validate constraint ${constraint}`);
      });
    } catch (error) {
      if ((error as { code?: unknown }).code !== CHECK_VIOLATION) throw error;
      // Counted in its partitions.
      if (partitioned) continue;
      const { rows } = await pool.query<{ rows: number }>(
        `select count(*)::int as rows from only ${table} where not (${expression})`,
      );
      broken.push({ table, constraint, rows: rows[0]?.rows ?? 0 });
    }
  }
  return broken;
}
