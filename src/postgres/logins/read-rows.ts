import type { Pool } from 'pg';
import { inTransaction } from '../in-transaction.ts';

/** So many are in memory at once, however many there are. */
const ROWS_AT_A_TIME = 1_000;

/** SQS keeps a message for 14 days: what was stored since then was sent no longer before. Spares old partitions. */
const OLDEST_CREATE_DATE = `($1::timestamptz at time zone 'utc' - interval '15 days')::date`;

const timestamp = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${column}`;

const ROWS = `
  declare rows no scroll cursor for
  select user_id, device_type, masked_ip, masked_device_id, locale, app_version,
    create_date::text as create_date, message_id, mask_key_id, ${timestamp('sent_at')},
    ${timestamp('inserted_at')}, run_id::text as run_id, batch_number
  from user_logins
  where ($1::timestamptz is null or (inserted_at >= $1 and create_date >= ${OLDEST_CREATE_DATE}))
    and ($2::text is null or locale = $2)
  order by user_logins.create_date desc, user_logins.inserted_at desc, message_id
  limit $3::bigint`;

/** As the columns of the table are called, in their order. */
export const LOGIN_COLUMNS = [
  ...['user_id', 'device_type', 'masked_ip', 'masked_device_id', 'locale', 'app_version'],
  ...['create_date', 'message_id', 'mask_key_id', 'sent_at', 'inserted_at'],
  ...['run_id', 'batch_number'],
] as const;

export type LoginRow = {
  user_id: string;
  device_type: string;
  masked_ip: string;
  masked_device_id: string;
  locale: string | null;
  app_version: string;
  create_date: string;
  message_id: string;
  mask_key_id: string;
  sent_at: string;
  inserted_at: string;
  run_id: string;
  batch_number: number;
};

export type RowFilter = {
  /** Stored since then. */
  since?: Date | undefined;
  locale?: string | undefined;
  limit?: number | undefined;
};

/** The latest rows first, handed over in pages; the next page is read when the one before was taken. */
export async function readRows(
  pool: Pool,
  { since, locale, limit }: RowFilter,
  take: (rows: LoginRow[]) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, 'begin read only', async (client) => {
    await client.query(ROWS, [since ?? null, locale ?? null, limit ?? null]);
    for (;;) {
      const { rows } = await client.query<LoginRow>(`fetch ${ROWS_AT_A_TIME} from rows`);
      if (rows.length > 0) await take(rows);
      if (rows.length < ROWS_AT_A_TIME) return;
    }
  });
}
