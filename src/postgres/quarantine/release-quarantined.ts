import type { Pool } from 'pg';

/** Lets a replay, and no other, take these messages out of quarantine. */
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

/** What the replay has left where it is, it may not take any more. @returns how many there are */
export async function endRelease(pool: Pool, replayId: string): Promise<number> {
  const { rowCount } = await pool.query(
    'update quarantine set released_for = null where released_for = $1',
    [replayId],
  );
  return rowCount ?? 0;
}

/** Messages that a replay may take just now. */
export async function countReleased(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ released: number }>(
    'select count(*)::int as released from quarantine where released_for is not null',
  );
  return rows[0]?.released ?? 0;
}
