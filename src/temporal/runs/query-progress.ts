import type { Client } from '@temporalio/client';
import { z } from 'zod';

const QUERY_TIMEOUT_MS = 2_000;
/** A query of the workflow `ingestLogins`. */
const QUERY = 'progress';

const count = z.number().int().nonnegative();

const progressSchema = z.object({
  state: z.enum(['draining', 'paused', 'stopping']),
  lanes: count,
  counts: z.object({
    received: count,
    inserted: count,
    duplicates: count,
    quarantined: count,
    acknowledged: count,
    batches: count,
  }),
});

/** What a run says of itself. */
export type RunProgress = z.infer<typeof progressSchema>;

/** Undefined when nobody answers, or not in these terms: no worker is up, or it is of a build from before. */
export async function runProgress(
  client: Client,
  workflowId: string,
): Promise<RunProgress | undefined> {
  try {
    const answer = await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId).query<unknown>(QUERY),
    );
    return progressSchema.safeParse(answer).data;
  } catch {
    return undefined;
  }
}
