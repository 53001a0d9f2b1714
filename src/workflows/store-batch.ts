import type { BatchTag, ReceivedBatch } from '../domain/batch.ts';
import type { Counts } from '../domain/counts.ts';
import { copies } from '../domain/history-budget.ts';
import { referenceTo } from '../domain/part-reference.ts';
import type { Part } from '../domain/parts.ts';
import { steps } from './steps.ts';

export type StoreReport = {
  /** @param holder the worker process that did a step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

/**
 * Brings a received batch to its end. Commit, then delete: the order that nothing is lost by.
 * @param byReference whether the steps are only told which parts they work on (`part-reference.ts`)
 * @returns the bytes that the batch's payloads took in the history: each part as a result, and as an input if it was one
 */
export async function storeBatch(
  lane: number,
  batch: ReceivedBatch,
  tag: BatchTag,
  byReference: boolean,
  { stepDone, counted }: StoreReport,
): Promise<number> {
  const given = <T>(part: Part<T>) => (byReference ? referenceTo(part) : part);
  const { count } = batch;
  const batchNumber = tag.number;
  const bodies = given(batch.bodies);
  const mask = await steps.mask(lane, { batchNumber, count, bodies });
  const { accepted, rejected } = mask;
  stepDone(mask.holder);
  const request = { batch: tag, ids: given(batch.ids), masked: given(mask.masked) };
  const insert = await steps.insert(
    lane,
    { rows: accepted, quarantined: rejected },
    { ...request, ...(rejected > 0 && { bodies }) },
  );
  const { refused, inserted, duplicates, quarantined } = insert;
  stepDone(insert.holder);
  counted({ inserted, duplicates, quarantined });
  if (refused.length > 0) {
    const split = { rows: 0, quarantined: refused.length };
    const rest = await steps.insert(lane, split, { ...request, bodies, refused });
    counted({ duplicates: rest.duplicates, quarantined: rest.quarantined });
  }
  const receiptHandles = given(batch.receiptHandles);
  const acknowledge = await steps.acknowledge(lane, { batchNumber, count, receiptHandles });
  stepDone(acknowledge.holder);
  counted({ acknowledged: acknowledge.acknowledged });
  const once = [batch.ids, batch.bodies, batch.receiptHandles, mask.masked].reduce(
    (sum, part) => sum + part.length,
    0,
  );
  return copies(byReference) * once + (rejected > 0 ? bodies.length : 0);
}
