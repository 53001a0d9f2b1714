import {
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Counts } from '../../domain/counts.ts';
import type { IngestInput } from '../../domain/ingest-input.ts';
import type { ControlName } from './control.ts';

const childId = (name: string): string => `${workflowInfo().workflowId}/${name}`;

/** Has a child workflow drain the queue: with a history of its own, continued as new as often as it takes. */
export async function drainInChild(
  name: string,
  settings: IngestInput,
  onStarted: () => void = () => undefined,
): Promise<Counts> {
  const child = await startChild<(input: IngestInput) => Promise<Counts>>('ingestLogins', {
    workflowId: childId(name),
    args: [{ ...settings, shards: 1 }],
    // A cancelled drain finishes what is in hand, and that is waited for.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  onStarted();
  return child.result();
}

/** Hands a signal on to a child's current run. One that has ended needs it no more. */
export async function steerChild(name: string, signal: ControlName): Promise<void> {
  try {
    await getExternalWorkflowHandle(childId(name)).signal(signal);
  } catch {
    // There is nothing to steer.
  }
}
