import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { z } from 'zod';
import type { Keyring } from '../../crypto/keys/keyring.ts';
import { dataConverter } from '../../crypto/payloads/data-converter.ts';
import type { Counts } from '../../domain/counts.ts';

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
  chosen: z
    .object({
      lanes: count,
      batchSize: count,
      maxBatchBytes: count,
      shards: count,
      backlog: count,
    })
    .optional(),
});

export type RunProgress = z.infer<typeof progressSchema>;

/** Undefined when no worker answers, or only one with a build whose answer differs. */
export const runProgress = async (
  client: Client,
  workflowId: string,
): Promise<RunProgress | undefined> => readProgress(await queryProgress(client, workflowId));

/** @param answer of `queryProgress` */
export const readProgress = (answer: unknown): RunProgress | undefined =>
  progressSchema.safeParse(answer).data;

/** What a worker asks about the shards of a run, over its own connection. */
export function countsReader(
  connection: NativeConnection,
  namespace: string,
  payloadKeys: Keyring,
): (workflowId: string) => Promise<Counts | null> {
  const client = new Client({ connection, namespace, dataConverter: dataConverter(payloadKeys) });
  return async (workflowId) => (await runProgress(client, workflowId))?.counts ?? null;
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
