import { type AcknowledgeDependencies, createAcknowledgeActivity } from './ingest/acknowledge.ts';
import { createInsertActivity, type InsertDependencies } from './ingest/insert.ts';
import { createMaskActivity, type MaskDependencies } from './ingest/mask.ts';
import { createReceiveActivity, type ReceiveDependencies } from './ingest/receive.ts';
import { createRecordRunActivity, type RecordRunDependencies } from './ingest/record-run.ts';

export type ActivityDependencies = ReceiveDependencies &
  InsertDependencies &
  MaskDependencies &
  AcknowledgeDependencies &
  RecordRunDependencies;

/** The four activities of a batch, and the ledger's, over the clients they are given. */
export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createReceiveActivity(dependencies),
  ...createMaskActivity(dependencies),
  ...createInsertActivity(dependencies),
  ...createAcknowledgeActivity(dependencies),
  ...createRecordRunActivity(dependencies),
});

/** The workflow's only link to the activities. */
export type Activities = ReturnType<typeof createActivities>;
