import type { Pool } from 'pg';
import { type Cell, TABLE_COLUMNS } from '../../domain/login/login-columns.ts';
import { inTransaction } from '../in-transaction.ts';

const ROWS_PER_PAGE = 1_000;

/** SQS keeps a message for 14 days, so older partitions need not be read. */
const OLDEST_CREATE_DATE = `($1::timestamptz at time zone 'utc' - interval '15 days')::date`;

/** As text, except for numbers. */
function readable({ column, type }: (typeof TABLE_COLUMNS)[number]): string {
  if (type === 'timestamptz') {
    return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${column}`;
  }
  return type === 'date' || type === 'uuid' ? `${column}::text as ${column}` : column;
}

const ROWS = `
  declare rows no scroll cursor for
  select ${TABLE_COLUMNS.map(readable).join(', ')}
  from user_logins
  where ($1::timestamptz is null or (inserted_at >= $1 and create_date >= ${OLDEST_CREATE_DATE}))
    and ($2::text is null or locale = $2)
  order by user_logins.create_date desc, user_logins.inserted_at desc, message_id
  limit $3::bigint`;

type Column = (typeof TABLE_COLUMNS)[number];

export type LoginRow = {
  [C in Column as C['column']]: C extends { type: 'integer' } ? number : Cell<C>;
};

type RowFilter = {
  /** Only rows stored since this time. */
  since?: Date | undefined;
  locale?: string | undefined;
  limit?: number | undefined;
};

/** Reads the latest rows first, page by page; `take` is awaited before the next page is read. */
export async function readRows(
  pool: Pool,
  { since, locale, limit }: RowFilter,
  take: (rows: LoginRow[]) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, 'begin read only', async (client) => {
    await client.query(ROWS, [since ?? null, locale ?? null, limit ?? null]);
    for (;;) {
      const { rows } = await client.query<LoginRow>(`fetch ${ROWS_PER_PAGE} from rows`);
      if (rows.length > 0) await take(rows);
      if (rows.length < ROWS_PER_PAGE) return;
    }
  });
}
