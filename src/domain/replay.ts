/** Name of the workflow, as starters know it. */
export const REPLAY_WORKFLOW_TYPE = 'replayQuarantine';

/** Messages that a custodian has released from quarantine: what the workflow is started with. Columns, as in a batch. */
export type ReplayBatch = {
  /** What `quarantine.released_for` says. */
  replayId: string;
  messageIds: string[];
  sentAtMs: number[];
  bodies: string[];
};
