import type { Client } from '@temporalio/client';

/** How long the namespace keeps the history of a run that has ended, in days. */
export async function historyRetentionDays(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({
    namespace: client.options.namespace,
  });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
}
