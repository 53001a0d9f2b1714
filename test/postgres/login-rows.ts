import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';

export type StoredLogin = {
  userId?: string;
  deviceType?: string;
  maskedIp?: string;
  maskedDeviceId?: string;
  locale?: string | null;
  appVersion?: string;
  /** Days before today, UTC. */
  daysAgo?: number;
  maskKeyId?: string;
};

/** Rows of user_logins, as if runs had stored them on their day. */
export async function storeLogins(pool: Pool, logins: readonly StoredLogin[]): Promise<void> {
  for (const [index, login] of logins.entries()) {
    await pool.query(
      `insert into user_logins values ($1, $2, $3, $4, $5, $6,
         ((now() - $7::integer * interval '1 day') at time zone 'utc')::date, $8, $9,
         now() - $7::integer * interval '1 day',
         now() - $7::integer * interval '1 day' + $10::integer * interval '1 ms', $11, 1)`,
      [
        login.userId ?? `user-${index}`,
        login.deviceType ?? 'android',
        login.maskedIp ?? `ip-${index}`,
        login.maskedDeviceId ?? `device-${index}`,
        login.locale === undefined ? 'de_DE' : login.locale,
        login.appVersion ?? '2.3.0',
        login.daysAgo ?? 0,
        randomUUID(),
        login.maskKeyId ?? 'key-1',
        index,
        randomUUID(),
      ],
    );
  }
}
