import type { Pool } from 'pg';
import type { RemaskRequest, RowPlace } from '../../domain/rotation.ts';

/** A row whose masked values are not of the key that is wanted. */
export type OldRow = RowPlace & { maskedIp: string; maskedDeviceId: string; maskKeyId: string };

export type OldRows = { rows: OldRow[]; next?: RowPlace };

/** Rows looked at for each one that may be re-masked: where most have the new key, a step goes further. */
const LOOK_AHEAD = 20;

const START: RowPlace = { createDate: '-infinity', messageId: '' };
const END: RowPlace = { createDate: 'infinity', messageId: '' };

// The day by itself too: Postgres leaves out partitions by it, and not by the pair.
const AFTER = `create_date >= $1::date and (create_date, message_id) > ($1::date, $2::text)`;

const LAST_OF_STEP = `
  select create_date::text as "createDate", message_id as "messageId" from user_logins
  where ${AFTER} order by create_date, message_id offset $3 limit 1`;

const OLD_ROWS = `
  select create_date::text as "createDate", message_id as "messageId", masked_ip as "maskedIp",
    masked_device_id as "maskedDeviceId", mask_key_id as "maskKeyId"
  from user_logins
  where ${AFTER} and create_date <= $3::date and (create_date, message_id) <= ($3::date, $4::text)
    and mask_key_id <> $5
  order by create_date, message_id limit $6`;

/**
 * The next rows of old keys, in the order of the primary key, which needs no other index. It looks at so many rows and
 * no more, however few of them are old.
 */
export async function findOldRows(
  pool: Pool,
  { toKeyId, after = START, rows: limit }: RemaskRequest,
): Promise<OldRows> {
  const from = [after.createDate, after.messageId];
  const { rows: last } = await pool.query<RowPlace>(LAST_OF_STEP, [
    ...from,
    limit * LOOK_AHEAD - 1,
  ]);
  const end = last[0] ?? END;
  const { rows } = await pool.query<OldRow>(OLD_ROWS, [
    ...from,
    ...[end.createDate, end.messageId],
    ...[toKeyId, limit],
  ]);
  const next = rows.length === limit ? placeOf(rows.at(-1)) : last[0];
  return { rows, ...(next && { next }) };
}

const placeOf = (row: OldRow | undefined): RowPlace | undefined =>
  row && { createDate: row.createDate, messageId: row.messageId };
