import type { ReplayBatch } from '../../batch/replay-batch.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import { LedgerRow } from '../ingest/ledger-row.ts';
import { maskAndInsert } from '../ingest/mask-and-insert.ts';
import { showProgress } from '../ingest/show-progress.ts';

/**
 * Masks and inserts a batch of quarantined messages again, with their own ids, and writes its row in the ledger. The
 * transaction that stores a message removes it from quarantine; a message that is still invalid is quarantined again
 * with its new reason. A message that a custodian has not released stays in quarantine and counts as a duplicate.
 */
export async function replayQuarantine(batch: ReplayBatch): Promise<Counts> {
  const ledgerRow = new LedgerRow();
  const counts = { ...zeroCounts(), received: batch.count, batches: 1 };
  showProgress(counts, 'draining');
  try {
    await store(batch, ledgerRow, counts);
  } catch (error) {
    await ledgerRow.closeFailed(counts);
    throw error;
  }
  await ledgerRow.close(counts, 'completed');
  return counts;
}

async function store(
  { replayId, count, ids, bodies }: ReplayBatch,
  ledgerRow: LedgerRow,
  counts: Counts,
): Promise<void> {
  const tag = ledgerRow.batchTag(1);
  await maskAndInsert(
    { lane: 1 },
    { count, ids, bodies },
    { batch: tag, replayId },
    (part) => part,
    {
      stepDone: () => undefined,
      counted: (some) => addCounts(counts, some),
    },
  );
  showProgress(counts, 'draining');
}
