import type { Part } from '../batch/part.ts';
import type { PartCache } from '../batch/part-cache.ts';
import { lastNeededBy } from '../batch/part-lifetimes.ts';
import { type AcknowledgeDependencies, createAcknowledgeActivity } from './ingest/acknowledge.ts';
import { type CountShardsDependencies, createCountShardsActivity } from './ingest/count-shards.ts';
import { createInsertActivity, type InsertDependencies } from './ingest/insert.ts';
import { createMaskActivity, type MaskDependencies } from './ingest/mask.ts';
import { createReceiveActivity, type ReceiveDependencies } from './ingest/receive.ts';
import { createRecordRunActivity, type RecordRunDependencies } from './ingest/record-run.ts';

type ActivityDependencies = ReceiveDependencies &
  InsertDependencies &
  MaskDependencies &
  AcknowledgeDependencies &
  RecordRunDependencies &
  CountShardsDependencies;

/** The four activities of a batch, the ledger's, and that of shards, over the clients they are given. */
export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createReceiveActivity(dependencies),
  ...releasing(dependencies.parts, 'maskBatch', createMaskActivity(dependencies)),
  ...releasing(dependencies.parts, 'insertBatch', createInsertActivity(dependencies)),
  ...releasing(dependencies.parts, 'acknowledgeBatch', createAcknowledgeActivity(dependencies)),
  ...createRecordRunActivity(dependencies),
  ...createCountShardsActivity(dependencies),
});

type Step = keyof typeof lastNeededBy;

/** The activity, and afterwards the parts that no later step needs leave the cache. */
function releasing<Name extends Step, Request, Result>(
  parts: PartCache,
  name: Name,
  activity: Record<Name, (request: Request) => Promise<Result>>,
): Record<Name, (request: Request) => Promise<Result>> {
  const toRelease = lastNeededBy[name] as (request: Request, result: Result) => Part<unknown>[];
  const act = async (request: Request): Promise<Result> => {
    const result = await activity[name](request);
    parts.release(toRelease(request, result));
    return result;
  };
  return { [name]: act } as Record<Name, typeof act>;
}

/** The workflow's only link to the activities. */
export type Activities = ReturnType<typeof createActivities>;
