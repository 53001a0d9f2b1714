import type { Counts } from '../../domain/counts.ts';
import type { RunState } from '../../domain/progress.ts';

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
