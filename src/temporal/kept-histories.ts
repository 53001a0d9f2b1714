import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { REPLAY_WORKFLOW_TYPE } from '../batch/replay-batch.ts';
import { WORKFLOW_TYPE } from '../domain/names.ts';
import { metadataText } from '../domain/payload-metadata.ts';
import { ROTATION_WORKFLOW_TYPE } from '../domain/rotation/rotation.ts';
import { historyRetentionSeconds } from './history-retention.ts';
import { scheduleHandle } from './schedule/create-schedule.ts';

const OURS = [WORKFLOW_TYPE, REPLAY_WORKFLOW_TYPE, ROTATION_WORKFLOW_TYPE]
  .map((type) => `'${type}'`)
  .join(', ');

type KeptHistories = {
  /** An open run that began by then. */
  open: string | undefined;
  /** When the last history of a closed run that began by then is removed; undefined if there is none. */
  removedAt: Date | undefined;
};

/** Looks in all these namespaces for histories that Temporal keeps of runs that began by a time. */
export async function keptHistories(
  clients: readonly Client[],
  begunBy: Date,
): Promise<KeptHistories> {
  const kept = await Promise.all(clients.map((client) => keptIn(client, begunBy)));
  const removals = kept.flatMap(({ removedAt }) => removedAt ?? []);
  return {
    open: kept.find(({ open }) => open !== undefined)?.open,
    removedAt: removals.sort((a, b) => b.getTime() - a.getTime())[0],
  };
}

async function keptIn(client: Client, begunBy: Date): Promise<KeptHistories> {
  const begun = `WorkflowType IN (${OURS}) AND StartTime <= '${begunBy.toISOString()}'`;
  const open = await firstPage(client, `${begun} AND ExecutionStatus = 'Running'`);
  const closed = await firstPage(client, `${begun} AND ExecutionStatus != 'Running'`);
  const lastClosed = Math.max(0, ...closed.map(({ closeTime }) => closeTime?.getTime() ?? 0));
  const { connection, options } = client;
  const retentionSeconds = await historyRetentionSeconds(connection, options.namespace);
  return {
    open: open[0]?.workflowId,
    removedAt: closed.length > 0 ? new Date(lastClosed + retentionSeconds * 1_000) : undefined,
  };
}

/** Temporal lists the latest closed runs first. */
const PAGE_SIZE = 100;

async function firstPage(client: Client, query: string): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query, pageSize: PAGE_SIZE })) {
    if (found.push(run) >= PAGE_SIZE) break;
  }
  return found;
}

/** The ids of the payload keys that the schedule's input is encrypted with. */
export async function keysOfSchedule(client: Client): Promise<string[]> {
  const { namespace } = client.options;
  const { scheduleId } = scheduleHandle(client);
  const described = await client.workflowService
    .describeSchedule({ namespace, scheduleId })
    .catch(() => undefined);
  const payloads = described?.schedule?.action?.startWorkflow?.input?.payloads ?? [];
  return payloads.map((payload) => metadataText(payload, 'encryption-key-id')).filter(Boolean);
}
