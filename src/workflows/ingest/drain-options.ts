import type { Counts } from '../../domain/counts.ts';
import type { RunState } from '../../domain/progress.ts';
import type { Control } from './control.ts';
import type { LedgerRow } from './ledger-row.ts';

/** The state that a run passes to the next one when it continues as new. */
export type Carried = {
  /** Accepted only if it is the run that this one continues. */
  fromRunId: string;
  counts: Counts;
  expectedMessageBytes?: number | undefined;
  historyBytesPerByte?: number | undefined;
  state?: RunState | undefined;
  /** The worker that runs the steps (`single-worker.ts`). */
  holder?: string | undefined;
};

export type DrainOptions = {
  carried: Carried | undefined;
  control: Control;
  ledgerRow: LedgerRow;
  onProgress(): void;
  /**
   * Called after a full batch.
   * @param backlog about how many messages the queue has left
   * @param room how many messages more the run may receive
   * @returns whether others drain them: then the lanes end after their current batches
   */
  handOver(backlog: number, room: number): boolean;
};
