import type { MessageIds } from './batch.ts';
import type { Part } from './part.ts';

/** Name of the workflow, as starters know it. */
export const REPLAY_WORKFLOW_TYPE = 'replayQuarantine';

/** The workflow's input: messages that a custodian released from quarantine. */
export type ReplayBatch = {
  /** The value of `quarantine.released_for`. */
  replayId: string;
  count: number;
  ids: Part<MessageIds>;
  bodies: Part<string[]>;
};
