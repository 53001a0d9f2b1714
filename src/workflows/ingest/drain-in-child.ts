import {
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Counts } from '../../domain/counts.ts';
import type { IngestInput } from '../../domain/ingest-input.ts';
import { describeStart } from '../../domain/run-description.ts';
import type { ControlName } from './control.ts';

export const childId = (name: string): string => `${workflowInfo().workflowId}/${name}`;

/** Drains the queue in a child workflow, which has its own history and continues as new as often as needed. */
export async function drainInChild(
  name: string,
  settings: IngestInput,
  onStarted: () => void = () => undefined,
): Promise<Counts> {
  const { lanes, batchSize, maxBatchBytes } = settings;
  const child = await startChild<(input: IngestInput) => Promise<Counts>>('ingestLogins', {
    workflowId: childId(name),
    args: [{ ...settings, shards: 1 }],
    ...describeStart(`by its parent as ${name}`, { lanes, batchSize, maxBatchBytes }),
    // A cancelled child finishes its current batches: wait for it.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  onStarted();
  return child.result();
}

/** Forwards a signal to a child's current run, if it has one. */
export async function steerChild(name: string, signal: ControlName): Promise<void> {
  try {
    await getExternalWorkflowHandle(childId(name)).signal(signal);
  } catch {
    // The child has ended.
  }
}
