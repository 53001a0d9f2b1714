import { type AcknowledgeDependencies, createAcknowledgeActivity } from './acknowledge.ts';
import { createInsertActivity, type InsertDependencies } from './insert.ts';
import { createMaskActivity, type MaskDependencies } from './mask.ts';
import { createReceiveActivity, type ReceiveDependencies } from './receive.ts';
import { createRecordRunActivity } from './record-run.ts';

export type ActivityDependencies = ReceiveDependencies &
  InsertDependencies &
  MaskDependencies &
  AcknowledgeDependencies;

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
