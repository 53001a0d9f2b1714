import { createRecordRotationActivities } from './record-rotation.ts';
import { createRemaskActivity, type RemaskDependencies } from './remask.ts';
import { createRemoveOldOriginalsActivities } from './remove-old-originals.ts';

/** The activities that need the vault's private key. */
export function createCustodianActivities(dependencies: RemaskDependencies) {
  const { remaskBatch } = createRemaskActivity(dependencies);
  const remove = createRemoveOldOriginalsActivities(dependencies);
  return {
    remaskBatch: namingItsRotation(remaskBatch),
    setOriginalsAside: namingItsRotation(remove.setOriginalsAside),
    removeOriginals: namingItsRotation(remove.removeOriginals),
    removeDataKeys: namingItsRotation(remove.removeDataKeys),
    ...createRecordRotationActivities(dependencies),
  };
}

type OfRotation = { runId?: string | undefined };

/**
 * All rotations have the same workflow id, and the same activity ids: the result names the rotation, so that the sealed
 * result of an earlier one cannot be answered in place of a step.
 */
const namingItsRotation =
  <Request extends OfRotation, Result extends object>(
    step: (request: Request) => Promise<Result>,
  ) =>
  async (request: Request): Promise<Result & OfRotation> => ({
    ...(await step(request)),
    runId: request.runId,
  });

/** Workflows import only this type. */
export type CustodianActivities = ReturnType<typeof createCustodianActivities>;
