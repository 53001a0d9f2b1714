import type { Pool } from 'pg';
import type { RemaskRequest, RowPlace } from '../../domain/rotation/rotation.ts';
import { MASKED_ARRAY } from './masked-array.ts';

/** A row that was masked with another key than the new one. */
export type OldRow = RowPlace & {
  /** In the order of `MASKED_COLUMNS`. */
  masked: (string | null)[];
  maskKeyId: string;
};

type OldRows = { rows: OldRow[]; next?: RowPlace };

/** Rows read per row to re-mask, so that a step makes progress where most rows have the new key. */
const LOOK_AHEAD = 20;

const START: RowPlace = { createDate: '-infinity', messageId: '' };
const END: RowPlace = { createDate: 'infinity', messageId: '' };

// Postgres prunes partitions only by the date, not by the pair.
const AFTER = `create_date >= $1::date and (create_date, message_id) > ($1::date, $2::text)`;

const LAST_OF_STEP = `
  select create_date::text as "createDate", message_id as "messageId" from user_logins
  where ${AFTER} order by create_date, message_id offset $3 limit 1`;

const OLD_ROWS = `
  select create_date::text as "createDate", message_id as "messageId", ${MASKED_ARRAY} as masked,
    mask_key_id as "maskKeyId"
  from user_logins
  where ${AFTER} and create_date <= $3::date and (create_date, message_id) <= ($3::date, $4::text)
    and mask_key_id <> $5
  order by create_date, message_id limit $6`;

/** Returns the next rows of old keys in the order of the primary key. Reads a limited number of rows, even if few are old. */
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
