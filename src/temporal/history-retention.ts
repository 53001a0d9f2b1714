import type { ConnectionLike } from '@temporalio/client';

/** Returns for how long the namespace keeps the history of a closed run. */
export async function historyRetentionSeconds(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<number> {
  const { config } = await workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
}
