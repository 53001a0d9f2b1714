import type { Pool } from 'pg';

/** Allows only this replay to remove these messages from quarantine. */
export async function releaseQuarantined(
  pool: Pool,
  replayId: string,
  messageIds: readonly string[],
): Promise<void> {
  await pool.query('update quarantine set released_for = $1 where message_id = any($2)', [
    replayId,
    messageIds,
  ]);
}

/** Ends the release of the messages that the replay left in quarantine. @returns their number */
export async function endRelease(pool: Pool, replayId: string): Promise<number> {
  const { rowCount } = await pool.query(
    'update quarantine set released_for = null where released_for = $1',
    [replayId],
  );
  return rowCount ?? 0;
}

/** Counts the messages that are released for a replay. */
export async function countReleased(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ released: number }>(
    'select count(*)::int as released from quarantine where released_for is not null',
  );
  return rows[0]?.released ?? 0;
}
