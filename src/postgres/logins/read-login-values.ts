import type { Pool } from 'pg';
import { MASKED_ARRAY } from './masked-array.ts';

/** `masked` is in the order of `MASKED_COLUMNS`. */
export type LoginValues = { messageId: string; masked: (string | null)[] };

// The primary key begins with the date, so this first finds the dates, with one index lookup each.
const READ_LOGIN_VALUES = `
  with recursive days as (
    select min(create_date) as day from user_logins
    union all
    select (select min(create_date) from user_logins where create_date > day) from days where day is not null
  )
  select message_id as "messageId", ${MASKED_ARRAY} as masked
  from days join user_logins on create_date = day
  where message_id = any($1)`;

/** The masked values of those of the messages that are stored. */
export async function readLoginValues(
  pool: Pool,
  messageIds: readonly string[],
): Promise<LoginValues[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await pool.query<LoginValues>(READ_LOGIN_VALUES, [messageIds]);
  return rows;
}
