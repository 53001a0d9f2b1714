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

export type RunProgress = z.infer<typeof progressSchema>;

/** Undefined when no worker answers, or only one with a build whose answer differs. */
export async function runProgress(
  client: Client,
  workflowId: string,
): Promise<RunProgress | undefined> {
  return progressSchema.safeParse(await queryProgress(client, workflowId)).data;
}

/**
 * Undefined when no worker answers. Uses an abort signal, since the client retries after a deadline for longer than the
 * caller waits.
 */
export async function queryProgress(client: Client, workflowId: string): Promise<unknown> {
  try {
    return await client.withAbortSignal(AbortSignal.timeout(QUERY_TIMEOUT_MS), () =>
      client.workflow.getHandle(workflowId).query<unknown>(QUERY),
    );
  } catch {
    return undefined;
  }
}
