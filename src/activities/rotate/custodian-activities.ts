import { createRecordRotationActivities } from './record-rotation.ts';
import { createRemaskActivity, type RemaskDependencies } from './remask.ts';
import { createRemoveOldOriginalsActivities } from './remove-old-originals.ts';

/** What only a process with the vault's private key does, over the clients it is given. */
export const createCustodianActivities = (dependencies: RemaskDependencies) => ({
  ...createRemaskActivity(dependencies),
  ...createRemoveOldOriginalsActivities(dependencies),
  ...createRecordRotationActivities(dependencies),
});

/** The workflow's only link to them. */
export type CustodianActivities = ReturnType<typeof createCustodianActivities>;
