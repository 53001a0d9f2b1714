import type { Pool } from 'pg';
import { inTransaction } from '../in-transaction.ts';
import { conditions, type LoginFilter } from './login-filter.ts';

/** Reads more rows than a page, and someone waits for it. */
const TIMEOUT_MS = 30_000;

/** The rows of a filter; counting stops after one more than `most`. */
export async function countToExport(
  pool: Pool,
  filter: LoginFilter,
  most: number,
): Promise<number> {
  const { where, values } = conditions(filter);
  return inTransaction(pool, 'begin read only', async (client) => {
    await client.query(`set local statement_timeout = ${TIMEOUT_MS}`);
    const { rows } = await client.query<{ counted: number }>({
      text: `select count(*)::int as counted from (
          select from user_logins where ${where.join(' and ')} limit $${values.push(most + 1)}
        ) as found`,
      values,
      query_timeout: TIMEOUT_MS + 1_000,
    } as { text: string; values: unknown[] });
    return rows[0]?.counted ?? 0;
  });
}
