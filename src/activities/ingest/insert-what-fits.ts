import type { Rejected } from '../../batch/batch.ts';
import {
  type MaskedRows,
  noOriginals,
  noRows,
  type Originals,
} from '../../domain/login/login-rows.ts';
import { classifyError } from '../../errors/classify-error.ts';
import type { BatchToInsert } from '../../postgres/ingest/insert-batch.ts';

/** A batch whose originals are not sealed yet: only what is inserted gets into the vault. */
export type OpenBatch = Omit<BatchToInsert, 'vault'> & { originals: Originals };

type Insert = (batch: OpenBatch) => Promise<{ inserted: number; quarantined: number }>;

type Stored = { inserted: number; quarantined: number; refused: Rejected[] };

/**
 * Inserts a batch. When Postgres says that a row of it can't be stored (a CHECK that somebody added, say), the
 * batch is halved until the row stands alone: that one is refused, the others are in. Each half commits by
 * itself, which a retry only counts as duplicates.
 * @throws whatever else went wrong
 */
export async function insertWhatFits(batch: OpenBatch, insert: Insert): Promise<Stored> {
  try {
    return { ...(await insert(batch)), refused: [] };
  } catch (error) {
    const { code, policy } = classifyError(error);
    const rows = batch.messageIds.length;
    if (policy.action !== 'row' || rows === 0) throw error;
    const nothing = { messageIds: [], sentAtMs: [], reasons: [], sealedBodies: [] };
    if (rows === 1) {
      const { quarantined } = await insert({
        ...batch,
        messageIds: [],
        sentAtMs: [],
        rows: noRows(),
        originals: noOriginals(),
      });
      const reason = `user_logins: ${policy.advice} (${code})`;
      return { inserted: 0, quarantined, refused: [{ index: 0, reason }] };
    }
    const middle = Math.ceil(rows / 2);
    const left = await insertWhatFits(slice(batch, 0, middle), insert);
    const rest = { ...slice(batch, middle, rows), quarantine: { ...batch.quarantine, ...nothing } };
    const right = await insertWhatFits(rest, insert);
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

function slice(batch: OpenBatch, from: number, to: number): OpenBatch {
  const cut = <Columns extends MaskedRows | Originals>(columns: Columns) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, column.slice(from, to)]),
    ) as Columns;
  return {
    ...batch,
    messageIds: batch.messageIds.slice(from, to),
    sentAtMs: batch.sentAtMs.slice(from, to),
    rows: cut(batch.rows),
    originals: cut(batch.originals),
  };
}
