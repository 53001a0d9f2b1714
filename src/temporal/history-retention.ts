import type { Client } from '@temporalio/client';

/** Returns for how many days the namespace keeps the history of a closed run. */
export async function historyRetentionDays(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({
    namespace: client.options.namespace,
  });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
}
