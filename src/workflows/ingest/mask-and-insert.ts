import { patched } from '@temporalio/workflow';
import type { InsertRequest, InsertResult, MaskedBatch, ReceivedBatch } from '../../batch/batch.ts';
import type { Part } from '../../batch/part.ts';
import type { Counts } from '../../domain/counts.ts';
import { steps } from './steps.ts';

/** Builds up to 0.3.0 did not report the worker of the second insert, so a second worker could go unnoticed. */
const REPORTS_SECOND_INSERT = 'reports-second-insert';

export type StepReport = {
  /** @param holder the worker process that ran the step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

type Messages = Pick<ReceivedBatch, 'count' | 'ids' | 'bodies'>;
type Origin = Pick<InsertRequest, 'batch' | 'replayId'>;
/** Returns the insert's input for a part: the part itself or a reference to it. */
type Given = <T>(part: Part<T>) => Part<T>;

type Stored = Pick<Counts, 'inserted' | 'duplicates' | 'quarantined'>;
export type StoredBatch = Pick<InsertResult, 'receipt'> & { stored: Stored };

/**
 * Masks and commits messages.
 * @returns the masked batch, what was stored and the receipt of the last insert
 */
export async function maskAndInsert(
  lane: number,
  messages: Messages,
  origin: Origin,
  given: Given,
  report: StepReport,
): Promise<MaskedBatch & StoredBatch> {
  const { count, bodies } = messages;
  const mask = await steps.mask(lane, { batchNumber: origin.batch.number, count, bodies });
  report.stepDone(mask.holder);
  return { ...mask, ...(await insertMasked(lane, messages, mask, origin, given, report)) };
}

/** A second insert quarantines the rows that Postgres refused. */
export async function insertMasked(
  lane: number,
  { ids, bodies }: Messages,
  { accepted, rejected, masked }: MaskedBatch,
  origin: Origin,
  given: Given,
  { stepDone, counted }: StepReport,
): Promise<StoredBatch> {
  const request = { ...origin, ids, masked: given(masked) };
  const insert = await steps.insert(
    lane,
    { rows: accepted, quarantined: rejected },
    { ...request, ...(rejected > 0 && { bodies }) },
  );
  const { refused, inserted, duplicates, quarantined } = insert;
  stepDone(insert.holder);
  counted({ inserted, duplicates, quarantined });
  if (refused.length === 0) {
    return { stored: { inserted, duplicates, quarantined }, receipt: insert.receipt };
  }
  const split = { rows: 0, quarantined: refused.length };
  const receipt = insert.receipt && given(insert.receipt);
  const rest = await steps.insert(lane, split, { ...request, bodies, refused, receipt });
  if (patched(REPORTS_SECOND_INSERT)) stepDone(rest.holder);
  counted({ duplicates: rest.duplicates, quarantined: rest.quarantined });
  const stored = {
    inserted,
    duplicates: duplicates + rest.duplicates,
    quarantined: quarantined + rest.quarantined,
  };
  return { stored, receipt: rest.receipt };
}
