import type { Pool } from 'pg';
import { Problem } from '../errors/problem.ts';

/** Logins may contain any Unicode character, and a database with another encoding would refuse such rows. */
export async function refuseOtherEncoding(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ encoding: string; name: string }>(
    `select current_setting('server_encoding') as encoding, current_database() as name`,
  );
  const [database] = rows;
  if (!database || database.encoding === 'UTF8') return;
  throw new Problem(
    'the database cannot be used',
    `its encoding is ${database.encoding}, and UTF8 is needed`,
    `Create another one with \`create database NAME encoding 'UTF8' template template0\`, and name it in DATABASE_URL.`,
  );
}
