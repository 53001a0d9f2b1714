import { ActivityFailure, ApplicationFailure, patched } from '@temporalio/workflow';
import type { AcknowledgeResult, BatchTag, ReceivedBatch } from '../../batch/batch.ts';
import { copies } from '../../batch/byte-limits.ts';
import { type Part, referenceTo } from '../../batch/part.ts';
import { NOT_IN_DATABASE } from '../../domain/names.ts';
import { maskAndInsert, type StepReport } from './mask-and-insert.ts';
import { type Place, steps } from './steps.ts';

/** Builds up to 0.3.0 acknowledged a batch without looking whether the database still had it. */
const INSERTS_AGAIN = 'inserts-again';
/** Each time, the database was restored after an insert. */
const MOST_INSERTS = 4;

/**
 * Masks, commits and then acknowledges a received batch, in this order so that no message is lost. A batch that the
 * database has lost since, because it was restored to an earlier time, is inserted again.
 * @param byReference whether the steps get references instead of parts (`batch/part.ts`)
 * @returns the bytes of the batch's payloads in the history, as results and as inputs
 */
export async function storeBatch(
  place: Place,
  batch: ReceivedBatch,
  tag: BatchTag,
  byReference: boolean,
  report: StepReport,
): Promise<number> {
  const given = <T>(part: Part<T>) => (byReference ? referenceTo(part) : part);
  const { count } = batch;
  const bodies = given(batch.bodies);
  const messages = { count, ids: given(batch.ids), bodies };
  let stored = await maskAndInsert(place, messages, { batch: tag }, given, report);
  let acknowledgement: AcknowledgeResult | undefined;
  for (let inserts = 1; !acknowledgement; inserts += 1) {
    const { receipt } = stored;
    try {
      acknowledgement = await steps.acknowledge(place, {
        batchNumber: tag.number,
        count,
        receiptHandles: given(batch.receiptHandles),
        receipt: receipt && given(receipt),
      });
    } catch (error) {
      if (!isNotInDatabase(error) || inserts >= MOST_INSERTS || !patched(INSERTS_AGAIN)) {
        throw error;
      }
      // The first answer is counted already.
      const { inserted, duplicates, quarantined } = stored.stored;
      report.counted({ inserted: -inserted, duplicates: -duplicates, quarantined: -quarantined });
      stored = await maskAndInsert(place, messages, { batch: tag }, given, report, stored);
    }
  }
  const { acknowledged, holder } = acknowledgement;
  report.stepDone(holder);
  report.counted({ acknowledged });
  const { rejected, masked } = stored;
  const once = [batch.ids, batch.bodies, batch.receiptHandles, masked].reduce(
    (sum, part) => sum + part.length,
    0,
  );
  return copies(byReference) * once + (rejected > 0 ? bodies.length : 0);
}

const isNotInDatabase = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === NOT_IN_DATABASE;
