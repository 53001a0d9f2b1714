import { MASKED_COLUMNS } from '../../domain/login/login-columns.ts';
import { IDS_WITHOUT_KEY } from '../../domain/login/masking.ts';

/** Days as YYYY-MM-DD, both included. */
export type DayRange = { from: string; to: string };

/** Each given value has to be equal. */
export type LoginFilter = DayRange & {
  user?: string | undefined;
  maskedDevice?: string | undefined;
  maskedIp?: string | undefined;
  deviceType?: string | undefined;
  appVersion?: string | undefined;
  locale?: string | undefined;
  /** Only rows that were masked with a key, so that nobody can compute the masked value of a guess. */
  keyedOnly?: boolean;
  /** Only rows that were inserted until then, as an ISO time. */
  storedBy?: string;
};

const COLUMNS = {
  user: 'user_id',
  maskedDevice: 'masked_device_id',
  maskedIp: 'masked_ip',
  deviceType: 'device_type',
  appVersion: 'app_version',
  locale: 'locale',
} as const;

/** As many characters of a masked value as its index has: see 0023_login_indexes.sql. */
const INDEXED_CHARACTERS = 16;

const isMasked = (column: string) => MASKED_COLUMNS.some((masked) => masked.column === column);

/** The conditions of a filter, and the values of their parameters, which begin with `$1`. */
export function conditions(filter: LoginFilter): { where: string[]; values: unknown[] } {
  const values: unknown[] = [filter.from, filter.to];
  const where = ['create_date >= $1::date', 'create_date <= $2::date'];
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = filter[name as keyof typeof COLUMNS];
    if (value !== undefined) where.push(equalsValue(column, `$${values.push(value)}::varchar`));
  }
  if (filter.keyedOnly) where.push(`mask_key_id <> all($${values.push(IDS_WITHOUT_KEY)})`);
  if (filter.storedBy) where.push(`inserted_at <= $${values.push(filter.storedBy)}::timestamptz`);
  return { where, values };
}

/** A comparison that finds the index of a masked column. */
export const equalsValue = (column: string, value: string): string =>
  isMasked(column)
    ? `left(${column}, ${INDEXED_CHARACTERS}) = left(${value}, ${INDEXED_CHARACTERS}) and ${column} = ${value}`
    : `${column} = ${value}`;

/** The same for any of an array's values. */
export const equalsAny = (column: string, values: string): string =>
  `left(${column}, ${INDEXED_CHARACTERS}) in (select left(value, ${INDEXED_CHARACTERS}) from unnest(${values}) as value)
    and ${column} = any(${values})`;
