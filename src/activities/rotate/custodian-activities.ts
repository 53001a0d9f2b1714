import { createRecordRotationActivities } from './record-rotation.ts';
import { createRemaskActivity, type RemaskDependencies } from './remask.ts';
import { createRemoveOldOriginalsActivities } from './remove-old-originals.ts';

/** The activities that need the vault's private key. */
export function createCustodianActivities(dependencies: RemaskDependencies) {
  return {
    ...createRemaskActivity(dependencies),
    ...createRemoveOldOriginalsActivities(dependencies),
    ...createRecordRotationActivities(dependencies),
  };
}

/** Workflows import only this type. */
export type CustodianActivities = ReturnType<typeof createCustodianActivities>;
