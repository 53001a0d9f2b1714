import type { Stack } from '../../support/start-stack.ts';

/** How many messages are committed so far, in either table. */
export async function storedMessages(stack: Stack): Promise<number> {
  const { rows } = await stack.pool.query<{ stored: number }>(
    'select (select count(*) from user_logins)::int + (select count(*) from quarantine)::int as stored',
  );
  return rows[0]?.stored ?? 0;
}
