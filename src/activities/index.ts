import { createAcknowledgeActivity } from './acknowledge.ts';
import { createInsertActivity, type InsertDependencies } from './insert.ts';
import { createMaskActivity } from './mask.ts';
import { createReceiveActivity, type ReceiveDependencies } from './receive.ts';

type Dependencies = ReceiveDependencies &
  InsertDependencies &
  Parameters<typeof createMaskActivity>[0];

/** The four activities over the clients they are given. */
export const createActivities = (dependencies: Dependencies) => ({
  ...createReceiveActivity(dependencies),
  ...createMaskActivity(dependencies),
  ...createInsertActivity(dependencies),
  ...createAcknowledgeActivity(dependencies),
});

/** The workflow's only link to the activities. */
export type Activities = ReturnType<typeof createActivities>;
