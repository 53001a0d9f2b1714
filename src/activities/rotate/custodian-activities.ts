import { withHeartbeat } from '../with-heartbeat.ts';
import { type CanWrite, findOldKeyWriters } from './find-old-key-writers.ts';
import { createRecordRotationActivities } from './record-rotation.ts';
import { createRemaskActivity, type RemaskDependencies } from './remask.ts';
import { createRemoveOldOriginalsActivities } from './remove-old-originals.ts';

/** The activities that need the vault's private key. */
export function createCustodianActivities(dependencies: RemaskDependencies & CanWrite) {
  const oldKeyWriters = findOldKeyWriters(dependencies);
  return {
    ...createRemaskActivity(dependencies),
    ...createRemoveOldOriginalsActivities(dependencies),
    /** Finds out where rows of other keys may still come from. */
    findOldKeyWriters: ({ toKeyId }: { toKeyId: string }) =>
      withHeartbeat('findOldKeyWriters', () => oldKeyWriters(toKeyId)),
    ...createRecordRotationActivities({ ...dependencies, oldKeyWriters }),
  };
}

/** Workflows import only this type. */
export type CustodianActivities = ReturnType<typeof createCustodianActivities>;
