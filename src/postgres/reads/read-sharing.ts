import type { Pool, PoolClient } from 'pg';
import { IDS_WITHOUT_KEY } from '../../domain/login/masking.ts';

const LISTS = {
  devices: { table: 'device_accounts', column: 'masked_device_id', sharedBy: 'accounts' },
  ips: { table: 'ip_accounts', column: 'masked_ip', sharedBy: 'devices' },
} as const;

/** A device with several accounts, or an address with several devices. */
export type Shared = {
  value: string;
  /** How many accounts a device has, or devices an address. */
  shared_by: number;
  accounts: number;
  logins: number;
  first_day: string;
  last_day: string;
};

export type SharedPosition = readonly [sharedBy: number, value: string];

/** The most shared devices or addresses first, from the sums; those last seen before `since` are left out. */
export async function readShared(
  db: Pool | PoolClient,
  kind: keyof typeof LISTS,
  { since, keyedOnly }: { since?: string | undefined; keyedOnly?: boolean | undefined },
  { after, limit }: { after?: SharedPosition | undefined; limit: number },
): Promise<Shared[]> {
  const { table, column, sharedBy } = LISTS[kind];
  const { rows } = await db.query<Shared>(
    `select ${column} as value, ${sharedBy}::float8 as shared_by, accounts::float8 as accounts, logins::float8 as logins,
       first_day::text as first_day, last_day::text as last_day
     from ${table}
     where ($1::date is null or last_day >= $1::date) and ($2::text[] is null or mask_key_id <> all($2))
       and ($3::bigint is null or (${sharedBy}, ${column}) < ($3::bigint, $4::varchar))
     order by ${table}.${sharedBy} desc, ${column} desc limit $5`,
    [since ?? null, keyedOnly ? IDS_WITHOUT_KEY : null, ...(after ?? [null, null]), limit],
  );
  return rows;
}
