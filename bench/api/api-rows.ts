import type { Pool } from 'pg';
import { migrate } from '../../src/postgres/run-migrations.ts';

const DAYS = 730;
/** Fifty logins for each account. */
export const accountsOf = (rows: number): number => Math.ceil(rows / 50);
export const accountOf = (number: number): string => `account-${number}`;

/** Two years of logins, in monthly partitions, and a view of the last days for peers that compare with one value only. */
export async function storeRows(pool: Pool, rows: number, windowDays: number): Promise<void> {
  await migrate(pool);
  await pool.query(`
    set local statement_timeout = 0;
    set local role login_etl_migrator;
    select login_etl_make_partitions((now() - interval '${DAYS} days')::date, now()::date)`);
  const slice = 100_000;
  for (let from = 0; from < rows; from += slice) {
    const to = Math.min(rows, from + slice);
    await pool.query(`
      insert into user_logins
      select 'account-' || (n * 7919::bigint) % ${accountsOf(rows)}, case n % 3 when 0 then 'ios' else 'android' end,
        encode(sha256(('ip' || (n * 31::bigint) % ${Math.ceil(rows / 4)})::bytea), 'hex'),
        encode(sha256(('device' || (n * 7919::bigint) % ${Math.ceil(rows / 8)})::bytea), 'hex'),
        'de_DE', '2.' || n % 9, now()::date - (${DAYS} * (1 - n / ${rows}::float8))::integer + 1,
        md5(n::text), 'key-1', now(), now(), gen_random_uuid(), 1
      from generate_series(${from}, ${to - 1}) as n`);
  }
  await pool.query(`
    set local statement_timeout = 0;
    set local role login_etl_migrator;
    create view recent_logins as select user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date,
      message_id, mask_key_id, sent_at from user_logins where create_date > now()::date - ${windowDays};
    grant select on recent_logins to login_etl_reader`);
  await pool.query('set local statement_timeout = 0; analyze user_logins');
  await pool.query('checkpoint');
}
