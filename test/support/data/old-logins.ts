import type { Pool } from 'pg';

/** A `user_logins` as another team had it: no key, another order of columns, wider types, a column of its own. */
export const OLD_TABLE = `
  create table user_logins (
    create_date timestamp, user_id text, device_type varchar(32), masked_ip text, masked_device_id varchar(256),
    app_version varchar(32), locale varchar(32), batch uuid
  )`;

/** The months that the rows are of, and how many of the rows have a null, at each thousand rows. */
export const OLD_MONTHS = 24;

/** Adds rows of 24 months up to today. Of each thousand, one has no user_id and one no create_date. */
export async function addOldLogins(pool: Pool, rows: number): Promise<void> {
  await pool.query(
    `insert into user_logins (create_date, user_id, device_type, masked_ip, masked_device_id, app_version, locale)
     select case when n % 1000 <> 7 then date_trunc('month', now()) - (n % ${OLD_MONTHS}) * interval '1 month' end,
       case when n % 1000 <> 3 then 'user-' || n % 5000 end, 'android',
       encode(sha256(convert_to('10.0.0.' || n % 250, 'UTF8')), 'hex'),
       encode(sha256(convert_to('device-' || n, 'UTF8')), 'hex'), '5.' || n % 9, case when n % 3 > 0 then 'de_DE' end
     from generate_series(1, $1::integer) as n`,
    [rows],
  );
}

const SEVEN =
  'user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date::date';

/** Rows that are in the one table and not in the other, which may have the same row several times. */
export async function differences(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    with before as (select ${SEVEN} from user_logins_before),
      after as (select ${SEVEN} from user_logins union all select ${SEVEN} from user_logins_set_aside)
    (table before except all table after) union all (table after except all table before)`);
  return rows;
}
