import type { Pool } from 'pg';

export type LoginValues = { messageId: string; maskedIp: string; maskedDeviceId: string };

// The primary key begins with the day: so first the days that there are, each by one look into the index.
const READ_LOGIN_VALUES = `
  with recursive days as (
    select min(create_date) as day from user_logins
    union all
    select (select min(create_date) from user_logins where create_date > day) from days where day is not null
  )
  select message_id as "messageId", masked_ip as "maskedIp", masked_device_id as "maskedDeviceId"
  from days join user_logins on create_date = day
  where message_id = any($1)`;

/** The masked values of these messages, of those that are stored. */
export async function readLoginValues(
  pool: Pool,
  messageIds: readonly string[],
): Promise<LoginValues[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await pool.query<LoginValues>(READ_LOGIN_VALUES, [messageIds]);
  return rows;
}
