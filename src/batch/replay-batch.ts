import type { MessageIds } from './batch.ts';
import type { Part } from './part.ts';

/** Name of the workflow, as starters know it. */
export const REPLAY_WORKFLOW_TYPE = 'replayQuarantine';

/** Messages that a custodian has released from quarantine: what the workflow is started with. */
export type ReplayBatch = {
  /** What `quarantine.released_for` says. */
  replayId: string;
  count: number;
  ids: Part<MessageIds>;
  bodies: Part<string[]>;
};
