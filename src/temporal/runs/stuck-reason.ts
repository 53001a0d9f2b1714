import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** The last failed workflow task is near the end: later attempts are not written to the history. */
const LOOK_AT_EVENTS = 20;

/** Only texts of our own are shown: other errors may contain values. */
const MISSING_KEY =
  /a payload was encrypted with the key [\w.-]{1,64}, which PAYLOAD_KEYS does not hold|the run that this one continues sealed its state with a key that PAYLOAD_KEYS does not hold/;

/** Why workers fail to execute a run, if a payload key is missing there; null for another reason, or an unreadable one. */
export async function missingKeyOfStuck(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: LOOK_AT_EVENTS,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  try {
    const error = await decodeOptionalFailureToOptionalError(
      client.options.loadedDataConverter,
      failed?.workflowTaskFailedEventAttributes?.failure,
    );
    return MISSING_KEY.exec(error?.message ?? '')?.[0] ?? null;
  } catch {
    return null;
  }
}
