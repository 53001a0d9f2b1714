import { type Payload, RawValue } from '@temporalio/common';
import { proxyActivities } from '@temporalio/workflow';

/** A payload as JSON: base64 of its bytes. */
export type CopiedPayload = { metadata: Record<string, number[]>; data: number[] };

export type ForeignCall = {
  taskQueue: string;
  activity: string;
  activityId?: string;
  payloads: CopiedPayload[];
};

/** `done` with a result, or the type of the failure. */
export type Outcome = { done: true } | { failed: string };

/** What somebody who may start workflows, and has no key, can have our workers do. */
export async function foreignWorkflow(calls: ForeignCall[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { taskQueue, activity, activityId, payloads } of calls) {
    const activities = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
      taskQueue,
      ...(activityId !== undefined && { activityId }),
      startToCloseTimeout: '20 seconds',
      scheduleToCloseTimeout: '30 seconds',
      retry: { maximumAttempts: 1 },
    });
    try {
      await activities[activity]?.(...payloads.map(rawValue));
      outcomes.push({ done: true });
    } catch (error) {
      const { cause } = error as { cause?: { type?: string; name?: string } };
      outcomes.push({ failed: cause?.type ?? cause?.name ?? 'unknown' });
    }
  }
  return outcomes;
}

const rawValue = ({ metadata, data }: CopiedPayload): RawValue =>
  RawValue.fromPayload({
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
    ),
    data: Uint8Array.from(data),
  } as Payload);
