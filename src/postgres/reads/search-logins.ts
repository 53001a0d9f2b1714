import type { Pool, PoolClient } from 'pg';
import { IDS_WITHOUT_KEY } from '../../domain/login/masking.ts';
import { conditions, type LoginFilter } from './login-filter.ts';

/** A row's place in the order: newest day first, and by message id within a day. */
export type Position = readonly [createDate: string, messageId: string];

export type FoundLogin = {
  user_id: string;
  device_type: string;
  /** Null where it is withheld. */
  masked_ip: string | null;
  masked_device_id: string | null;
  locale: string | null;
  app_version: string;
  create_date: string;
  message_id: string;
  mask_key_id: string;
  sent_at: string;
};

const selected = (masked: (column: string) => string) =>
  `user_id, device_type, ${masked('masked_ip')}, ${masked('masked_device_id')}, locale, app_version,
  create_date::text as create_date, message_id, mask_key_id,
  to_char(sent_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sent_at`;

const ofRowsWithKey = (idsWithoutKey: string) => (column: string) =>
  `case when mask_key_id <> all(${idsWithoutKey}) then ${column} end as ${column}`;

type Page = {
  after?: Position | undefined;
  limit: number;
  /** Shows masked values, too, that anyone can compute from plain ones. */
  guessable?: boolean;
};

/** One page, newest first. */
export async function searchLogins(
  db: Pool | PoolClient,
  filter: LoginFilter,
  { after, limit, guessable = false }: Page,
): Promise<FoundLogin[]> {
  const bounded = after ? { ...filter, to: after[0] } : filter;
  const { where, values } = conditions(bounded);
  if (after) {
    // Without the bound on the day alone, no partition would be left out.
    where.push(`(create_date, message_id) < ($2::date, $${values.push(after[1])})`);
  }
  const columns = guessable
    ? selected((column) => column)
    : selected(ofRowsWithKey(`$${values.push(IDS_WITHOUT_KEY)}`));
  const { rows } = await db.query<FoundLogin>(
    `select ${columns} from user_logins where ${where.join(' and ')}
     order by user_logins.create_date desc, user_logins.message_id desc limit $${values.push(limit)}`,
    values,
  );
  return rows;
}

type Count = { value: number; at_least: boolean };

/** Counting stops at this number. */
const COUNTED_EXACTLY = 10_000;

export async function countLogins(db: Pool | PoolClient, filter: LoginFilter): Promise<Count> {
  const { where, values } = conditions(filter);
  const { rows } = await db.query<{ counted: number }>(
    `select count(*)::int as counted from (
       select from user_logins where ${where.join(' and ')} limit ${COUNTED_EXACTLY + 1}
     ) as found`,
    values,
  );
  const counted = rows[0]?.counted ?? 0;
  return { value: Math.min(counted, COUNTED_EXACTLY), at_least: counted > COUNTED_EXACTLY };
}
