import { condition, patched, workflowInfo } from '@temporalio/workflow';
import type { ReceivedBatch } from '../../batch/batch.ts';
import { HistoryBudget, type Reservation } from '../../batch/history-budget.ts';
import { SingleWorker } from '../../batch/single-worker.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import {
  FIRST_BATCH_MESSAGES,
  INGEST_SETTINGS,
  type IngestInput,
} from '../../domain/ingest-input.ts';
import type { RunState } from '../../domain/progress.ts';
import type { Control } from './control.ts';
import type { Carried, DrainOptions } from './drain-options.ts';
import type { LedgerRow } from './ledger-row.ts';
import { steps } from './steps.ts';
import { storeBatch } from './store-batch.ts';

/** Up to 0.3.0 any worker took a step, and parts were in the history twice unless one worker took all. */
const STAYS_WITH_WORKER = 'stays-with-worker';
/** Up to 0.2.0 the other lanes' first batches were sized for the worst, since nothing was stored yet. */
const LEARNS_FROM_RECEIVED = 'learns-from-received';

/** Why a lane ended. */
type LaneEnd = 'queue empty' | 'bound reached' | 'history full' | 'handed over' | 'stopped';

/**
 * The lanes of one workflow run and their shared state: counts, `maxMessages`, and the room left in history.
 *
 * A lane repeats receive, mask, insert, acknowledge. It ends when
 * - its batch, or that of another lane, is empty: the queue is drained. (In a FIFO queue the other lanes may instead hold
 *   a message of every group, so the lane receives once more after one of them is done.)
 * - `maxMessages` have been received or requested,
 * - its part of the history has no room for another batch; when all lanes have ended, the run continues as new,
 * - the rest is handed over to shards, or
 * - the run is cancelled or gets the signal `drain`; the current batches are finished first.
 * While the run is paused, no batch begins.
 */
export class Drain {
  /** Only of this run; `total()` includes the earlier runs of the chain. */
  readonly counts: Counts = zeroCounts();
  expectedMessageBytes: number | undefined;
  #failure: Error | undefined;
  readonly #input: IngestInput;
  readonly #carried: Counts;
  readonly #onProgress: () => void;
  readonly #handOver: DrainOptions['handOver'];
  #handedOver = false;
  readonly #budget: HistoryBudget;
  readonly #control: Control;
  readonly #ledgerRow: LedgerRow;
  readonly #holder: SingleWorker;
  /** Whether the worker that received a batch runs its steps. Decided once per run. */
  #staysWithWorker = false;
  /** Messages requested by calls in progress, which count towards `maxMessages` until the answer arrives. */
  #asked = 0;
  #batchesInProgress = 0;
  #batchesDone = 0;
  /** A standard queue's empty answer counts for all lanes; of a FIFO queue each lane sees other groups. */
  #queueEmpty = false;
  /** How often a lane released messages that did not fit. */
  #releases = 0;

  constructor(input: IngestInput, options: DrainOptions) {
    const { carried, control, ledgerRow, onProgress, handOver } = options;
    this.#input = input;
    this.#control = control;
    this.#ledgerRow = ledgerRow;
    this.#holder = new SingleWorker(carried?.holder);
    this.#budget = new HistoryBudget(input.lanes, carried?.historyBytesPerByte);
    this.#carried = carried?.counts ?? zeroCounts();
    this.expectedMessageBytes = carried?.expectedMessageBytes;
    // A run on an empty queue, which continues none, needs no marker of the decision.
    if (carried) this.#staysWithWorker = patched(STAYS_WITH_WORKER);
    this.#onProgress = onProgress;
    this.#handOver = handOver;
  }

  /** The counts of the chain so far. */
  total(): Counts {
    const total = { ...this.#carried };
    addCounts(total, this.counts);
    return total;
  }

  carry(fromRunId: string, state: RunState): Carried {
    return {
      fromRunId,
      state,
      counts: this.total(),
      expectedMessageBytes: this.expectedMessageBytes,
      historyBytesPerByte: this.#budget.bytesPerByte,
      holder: this.#holder.carry(),
    };
  }

  /** Runs the lanes until all have ended. Returns true when the run has to continue as new. */
  async run(): Promise<boolean> {
    const others: Promise<LaneEnd>[] = [];
    const startOthers = () => {
      while (others.length < this.#input.lanes - 1) others.push(this.#lane(others.length + 2));
    };
    // The other lanes wait for the first batch, so that a run on an empty queue costs one long poll instead of one per
    // lane.
    if (this.#carried.batches > 0) startOthers();
    const first = await this.#lane(1, startOthers);
    const ends = [first, ...(await Promise.all(others))];
    if (this.#failure) throw this.#failure;
    return ends.includes('history full') && !this.#queueEmpty && !this.#control.stopping;
  }

  /** Runs one lane. When it fails, the other lanes finish their current batches and stop. */
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
      await this.#control.whilePaused();
      if (this.#control.stopping || this.#failure) return 'stopped';
      if (this.#handedOver) return 'handed over';
      if (this.#queueEmpty) return 'queue empty';
      const room = this.#roomInBound();
      if (room < 1) return 'bound reached';
      const { historyLength: events, historySize: bytes } = workflowInfo();
      const byReference = this.#staysWithWorker || this.#holder.name !== undefined;
      const { maxBatchBytes } = this.#input;
      const used = { events, bytes };
      const reservation = this.#budget.reserve(number, used, maxBatchBytes, byReference);
      if (!reservation) return 'history full';
      let written = 0;
      let received = 0;
      const releases = this.#releases;
      try {
        const { batch, batchNumber } = await this.#receive(number, room, reservation);
        reservation.received(batch);
        received = batch.bytes;
        if (batch.released > 0) {
          this.#releases += 1;
          this.#queueEmpty = false;
        }
        if (batch.count > 0) {
          const isFirst = this.total().batches === 1;
          if (isFirst && patched(LEARNS_FROM_RECEIVED)) this.#budget.learn(batch);
          if (isFirst) this.#staysWithWorker = patched(STAYS_WITH_WORKER);
          if (batch.backlog) this.#handOverBacklog(batch.backlog);
          if (!this.#handedOver) onFirstBatch?.();
          written = await this.#store(number, batch, batchNumber, reservation);
        } else if (batch.released > 0) {
          // The next message is larger than the room left in this lane's part of the history.
          return 'history full';
        } else if (releases < this.#releases) {
          // Messages that another lane has released since were hidden from this one.
        } else if (!batch.fifo || !(await this.#anotherBatchIsDone())) {
          this.#queueEmpty = !batch.fifo;
          return 'queue empty';
        }
      } finally {
        reservation.release(written, received);
      }
    }
  }

  /** The most messages that the next batch may have. */
  #roomInBound(): number {
    const { batchSize, maxMessages } = this.#input;
    const total = this.total();
    const most = total.batches === 0 ? Math.min(batchSize, FIRST_BATCH_MESSAGES) : batchSize;
    return Math.min(most, maxMessages - total.received - this.#asked);
  }

  #handOverBacklog(backlog: number): void {
    if (this.#handedOver || this.#control.stopping || this.#failure) return;
    // While other lanes receive, a bound cannot be divided exactly.
    const { maxMessages } = this.#input;
    if (this.#asked > 0 && maxMessages < INGEST_SETTINGS.maxMessages.default) return;
    const room = maxMessages - this.total().received;
    this.#handedOver = this.#handOver(Math.min(backlog, room), room);
  }

  async #receive(
    lane: number,
    room: number,
    { maxBytes, maxHistoryBytes, anySize, byReference }: Reservation,
  ): Promise<{ batch: ReceivedBatch; batchNumber: number }> {
    this.#asked += room;
    try {
      const batch = await steps.receive(lane, {
        maxMessages: room,
        maxBytes,
        maxHistoryBytes,
        anySize,
        byReference,
        expectedMessageBytes: this.expectedMessageBytes,
      });
      this.#holder.saw(batch.holder);
      const received = batch.count;
      if (received > 0) {
        this.expectedMessageBytes = Math.ceil(batch.bytes / received);
        this.#count({ received, batches: 1 });
      }
      // Taken with the count: another lane may go on before this one does.
      return { batch, batchNumber: this.counts.batches };
    } finally {
      this.#asked -= room;
    }
  }

  async #store(
    lane: number,
    batch: ReceivedBatch,
    batchNumber: number,
    { byReference }: Reservation,
  ): Promise<number> {
    this.#batchesInProgress += 1;
    try {
      const workerQueue = this.#staysWithWorker ? batch.workerQueue : undefined;
      const place = { lane, workerQueue };
      return await storeBatch(place, batch, this.#ledgerRow.batchTag(batchNumber), byReference, {
        stepDone: (holder) => this.#holder.saw(holder),
        counted: (counts) => this.#count(counts),
      });
    } finally {
      this.#batchesInProgress -= 1;
      this.#batchesDone += 1;
    }
  }

  #count(counts: Partial<Counts>): void {
    addCounts(this.counts, counts);
    this.#onProgress();
  }

  /** Returns false when no batch is in progress; else waits until one is done and returns true. */
  async #anotherBatchIsDone(): Promise<boolean> {
    if (this.#batchesInProgress === 0) return false;
    const done = this.#batchesDone;
    await condition(() => this.#batchesDone > done);
    return true;
  }
}
