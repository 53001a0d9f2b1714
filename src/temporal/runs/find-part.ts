import type { NativeConnection } from '@temporalio/worker';
import { partId } from '../../batch/part.ts';
import type { FindPart } from '../../batch/part-cache.ts';
import { sealedPartsOf } from '../../crypto/payloads/payload-codec.ts';

/** Few, since a result may have 2 MiB. */
const EVENTS_PER_PAGE = 4;

/** Searches a run's history from its end, since steps need recent results. */
export const partFinder =
  ({ workflowService }: NativeConnection, namespace: string): FindPart =>
  async (execution, id) => {
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await workflowService.getWorkflowExecutionHistoryReverse({
        namespace,
        execution,
        maximumPageSize: EVENTS_PER_PAGE,
        ...(nextPageToken && { nextPageToken }),
      });
      for (const { activityTaskCompletedEventAttributes: completed } of page.history?.events ??
        []) {
        const parts = (completed?.result?.payloads ?? []).flatMap(sealedPartsOf);
        const found = parts.find((part) => partId(part) === id);
        if (found) return found;
      }
      nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken);
    return undefined;
  };
