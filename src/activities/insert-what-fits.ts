import type { Pool } from 'pg';
import { type MaskedRows, noRows, type Rejected } from '../domain/batch.ts';
import { type BatchToInsert, insertBatch } from '../postgres/insert-batch.ts';
import { judge } from './failure.ts';

type Stored = { inserted: number; quarantined: number; refused: Rejected[] };

/**
 * Inserts a batch. When Postgres says that a row of it can't be stored (a CHECK that somebody added, say), the
 * batch is halved until the row stands alone: that one is refused, the others are in. Each half commits by
 * itself, which a retry only counts as duplicates.
 * @throws whatever else went wrong
 */
export async function insertWhatFits(pool: Pool, batch: BatchToInsert): Promise<Stored> {
  try {
    return { ...(await insertBatch(pool, batch)), refused: [] };
  } catch (error) {
    const { code, ruling } = judge(error);
    const rows = batch.messageIds.length;
    if (ruling.verdict !== 'row' || rows === 0) throw error;
    const nothing = { messageIds: [], sentAtMs: [], reasons: [], sealedBodies: [] };
    if (rows === 1) {
      const alone = { ...batch, messageIds: [], sentAtMs: [], rows: noRows() };
      const { quarantined } = await insertBatch(pool, alone);
      const reason = `user_logins: ${ruling.advice} (${code})`;
      return { inserted: 0, quarantined, refused: [{ index: 0, reason }] };
    }
    const middle = Math.ceil(rows / 2);
    const left = await insertWhatFits(pool, slice(batch, 0, middle));
    const right = await insertWhatFits(pool, {
      ...slice(batch, middle, rows),
      quarantine: { ...batch.quarantine, ...nothing },
    });
    return {
      inserted: left.inserted + right.inserted,
      quarantined: left.quarantined,
      refused: [
        ...left.refused,
        ...right.refused.map(({ index, reason }) => ({ index: index + middle, reason })),
      ],
    };
  }
}

function slice(batch: BatchToInsert, from: number, to: number): BatchToInsert {
  const columns = Object.entries(batch.rows).map(([name, column]) => [
    name,
    column.slice(from, to),
  ]);
  return {
    ...batch,
    messageIds: batch.messageIds.slice(from, to),
    sentAtMs: batch.sentAtMs.slice(from, to),
    rows: Object.fromEntries(columns) as MaskedRows,
  };
}
