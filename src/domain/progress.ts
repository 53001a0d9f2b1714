import type { Counts } from './counts.ts';
import type { ChosenTuning } from './ingest-input.ts';

/** A run's state, as people see it. */
export type RunState = 'draining' | 'paused' | 'stopping';

/** The answer to the query `progress`. */
export type Progress = {
  state: RunState;
  lanes: number;
  counts: Counts;
  chosen?: ChosenTuning | undefined;
};
