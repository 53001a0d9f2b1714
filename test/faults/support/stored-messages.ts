import type { Stack } from '../../support/start-stack.ts';

/** Counts the messages in both tables. */
export async function storedMessages(stack: Stack): Promise<number> {
  const { rows } = await stack.pool.query<{ stored: number }>(
    'select (select count(*) from user_logins)::int + (select count(*) from quarantine)::int as stored',
  );
  return rows[0]?.stored ?? 0;
}
