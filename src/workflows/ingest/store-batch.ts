import type { BatchTag, ReceivedBatch } from '../../batch/batch.ts';
import { copies } from '../../batch/byte-limits.ts';
import { type Part, referenceTo } from '../../batch/part.ts';
import { maskAndInsert, type StepReport } from './mask-and-insert.ts';
import { steps } from './steps.ts';

/**
 * Masks, commits and then acknowledges a received batch, in this order so that no message is lost.
 * @param byReference whether the steps get references instead of parts (`batch/part.ts`)
 * @returns the bytes of the batch's payloads in the history, as results and as inputs
 */
export async function storeBatch(
  lane: number,
  batch: ReceivedBatch,
  tag: BatchTag,
  byReference: boolean,
  report: StepReport,
): Promise<number> {
  const given = <T>(part: Part<T>) => (byReference ? referenceTo(part) : part);
  const { count } = batch;
  const bodies = given(batch.bodies);
  const messages = { count, ids: given(batch.ids), bodies };
  const { rejected, masked, receipt } = await maskAndInsert(
    lane,
    messages,
    { batch: tag },
    given,
    report,
  );
  const { acknowledged, holder } = await steps.acknowledge(lane, {
    batchNumber: tag.number,
    count,
    receiptHandles: given(batch.receiptHandles),
    receipt: receipt && given(receipt),
  });
  report.stepDone(holder);
  report.counted({ acknowledged });
  const once = [batch.ids, batch.bodies, batch.receiptHandles, masked].reduce(
    (sum, part) => sum + part.length,
    0,
  );
  return copies(byReference) * once + (rejected > 0 ? bodies.length : 0);
}
