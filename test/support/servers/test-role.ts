import { randomBytes } from 'node:crypto';
import type { TestDatabase } from './new-database.ts';

export type TestRole = { url: string; remove(): Promise<void> };

/** Creates a role that has only these privileges, such as `select on ingest_runs`. */
export async function createTestRole(
  { url, pool }: Pick<TestDatabase, 'url' | 'pool'>,
  grants: readonly string[],
): Promise<TestRole> {
  const name = `role_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await pool.query(`create role ${name} login password '${password}'`);
  for (const grant of grants) await pool.query(`grant ${grant} to ${name}`);
  return {
    url: Object.assign(new URL(url), { username: name, password }).href,
    remove: async () => {
      await pool.query(`drop owned by ${name}`);
      await pool.query(`drop role ${name}`);
    },
  };
}
