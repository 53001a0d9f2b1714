import { condition, workflowInfo } from '@temporalio/workflow';
import type { ReceivedBatch } from '../domain/batch.ts';
import { toInsertRequest, toRefusedRequest } from '../domain/batch.ts';
import { addCounts, type Counts, zeroCounts } from '../domain/counts.ts';
import { HistoryBudget } from '../domain/history-budget.ts';
import type { IngestInput } from '../domain/ingest-input.ts';
import { steps } from './steps.ts';

/** What a run hands on when it continues as new. */
export type Carried = {
  /** The run that handed it on: nobody else's is taken. */
  fromRunId: string;
  counts: Counts;
  expectedMessageBytes?: number | undefined;
};

/** Why a lane began no further batch. */
type LaneEnd = 'queue empty' | 'bound reached' | 'history full' | 'stopped';

/**
 * The lanes of one workflow run and what they share: counts, the bound on messages, the room left in history.
 *
 * A lane goes receive, mask, insert, acknowledge, and again. It ends when
 * - its batch came back empty: the queue is drained. (In a FIFO queue that may also mean that the other lanes
 *   have a message of every group in hand, so it asks once more when one of them is done.)
 * - `maxMessages` are taken or in the making,
 * - the history has no room for another batch when all others are done, and the run continues as new (while
 *   others are at work it waits: what they had reserved, mostly in vain, becomes free), or
 * - the run was cancelled: what is in hand is finished first.
 */
export class Drain {
  /** Of this run; a chain's earlier runs have theirs in `total()`. */
  readonly counts: Counts = zeroCounts();
  expectedMessageBytes: number | undefined;
  stopping = false;
  #failure: Error | undefined;
  readonly #input: IngestInput;
  readonly #carried: Counts;
  readonly #onProgress: () => void;
  readonly #budget = new HistoryBudget();
  /** Messages that are being asked for: counted against `maxMessages` until the answer is there. */
  #asked = 0;
  #batchesInHand = 0;
  #batchesDone = 0;
  /** Lanes that have a batch, or ask for one; and how often one of them came to the end of that. */
  #lanesAtWork = 0;
  #turns = 0;
  #queueEmpty = false;

  constructor(input: IngestInput, carried: Carried | undefined, onProgress: () => void) {
    this.#input = input;
    this.#carried = carried?.counts ?? zeroCounts();
    this.expectedMessageBytes = carried?.expectedMessageBytes;
    this.#onProgress = onProgress;
  }

  /** Of the whole chain of runs so far. */
  total(): Counts {
    const total = { ...this.#carried };
    addCounts(total, this.counts);
    return total;
  }

  /** Runs the lanes to their ends; true when there may be more, and the run has to continue as new. */
  async run(): Promise<boolean> {
    const others: Promise<LaneEnd>[] = [];
    const startOthers = () => {
      while (others.length < this.#input.lanes - 1) others.push(this.#lane(others.length + 2));
    };
    // The others wait until a batch has shown that there is something to do: a run on an empty queue costs one
    // long poll, not one a lane.
    if (this.#carried.batches > 0) startOthers();
    const first = await this.#lane(1, startOthers);
    const ends = [first, ...(await Promise.all(others))];
    if (this.#failure) throw this.#failure;
    return ends.includes('history full');
  }

  /** One lane to its end. When it fails, the others finish what they have in hand and begin no more. */
  async #lane(number: number, onFirstBatch?: () => void): Promise<LaneEnd> {
    try {
      return await this.#batches(number, onFirstBatch);
    } catch (error) {
      this.#failure ??= error as Error;
      return 'stopped';
    }
  }

  async #batches(number: number, onFirstBatch?: () => void): Promise<LaneEnd> {
    for (;;) {
      if (this.stopping || this.#failure) return 'stopped';
      const { batchSize, maxMessages, maxBatchBytes } = this.#input;
      const room = Math.min(batchSize, maxMessages - this.total().received - this.#asked);
      if (room < 1) return 'bound reached';
      const { historyLength: events, historySize: bytes } = workflowInfo();
      const reservation = this.#budget.reserve({ events, bytes }, maxBatchBytes);
      if (!reservation) {
        if (this.#lanesAtWork === 0) return 'history full';
        if (this.#queueEmpty) return 'queue empty';
        await this.#anotherLaneMovesOn();
        continue;
      }
      this.#lanesAtWork += 1;
      try {
        const batch = await this.#receive(number, room);
        reservation.received(batch.bytes);
        if (batch.messageIds.length > 0) {
          onFirstBatch?.();
          await this.#store(number, batch);
        } else if (!batch.fifo || !(await this.#anotherBatchIsDone())) {
          this.#queueEmpty = true;
          return 'queue empty';
        }
      } finally {
        reservation.release();
        this.#lanesAtWork -= 1;
        this.#turns += 1;
      }
    }
  }

  async #receive(lane: number, room: number): Promise<ReceivedBatch> {
    this.#asked += room;
    try {
      const batch = await steps.receive(lane, {
        maxMessages: room,
        maxBytes: this.#input.maxBatchBytes,
        expectedMessageBytes: this.expectedMessageBytes,
      });
      const received = batch.messageIds.length;
      if (received > 0) {
        this.expectedMessageBytes = Math.ceil(batch.bytes / received);
        addCounts(this.counts, { received, batches: 1 });
        this.#onProgress();
      }
      return batch;
    } finally {
      this.#asked -= room;
    }
  }

  /** Commit, then delete: the order that nothing is lost by. */
  async #store(lane: number, batch: ReceivedBatch): Promise<void> {
    this.#batchesInHand += 1;
    const { runId, workflowId, startTime } = workflowInfo();
    const tag = {
      runId,
      workflowId,
      startedAtMs: startTime.getTime(),
      number: this.counts.batches,
    };
    try {
      const masked = await steps.mask(lane, batch.bodies);
      const { refused, ...stored } = await steps.insert(lane, toInsertRequest(tag, batch, masked));
      addCounts(this.counts, stored);
      if (refused.length > 0) {
        const rest = await steps.insert(lane, toRefusedRequest(tag, batch, masked, refused));
        addCounts(this.counts, { duplicates: rest.duplicates, quarantined: rest.quarantined });
      }
      this.#onProgress();
      const { acknowledged } = await steps.acknowledge(lane, batch.receiptHandles);
      addCounts(this.counts, { acknowledged });
      this.#onProgress();
    } finally {
      this.#batchesInHand -= 1;
      this.#batchesDone += 1;
    }
  }

  async #anotherLaneMovesOn(): Promise<void> {
    const turns = this.#turns;
    await condition(() => this.#turns > turns);
  }

  /** False when no lane has anything in hand; else true, once one of them has finished. */
  async #anotherBatchIsDone(): Promise<boolean> {
    if (this.#batchesInHand === 0) return false;
    const done = this.#batchesDone;
    await condition(() => this.#batchesDone > done);
    return true;
  }
}
