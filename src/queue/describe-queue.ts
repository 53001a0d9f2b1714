import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Queue } from './open-queue.ts';

/** The attributes of a queue. The counts of SQS are approximate. */
export type QueueDescription = {
  name: string;
  visible: number;
  inFlight: number;
  delayed: number;
  visibilityTimeoutSeconds: number;
  retentionSeconds: number;
  /** After this many receives a message moves to the dead-letter queue; undefined: never. */
  maxReceiveCount?: number;
};

export async function describeQueue(
  queue: Queue,
  abortSignal?: AbortSignal,
): Promise<QueueDescription> {
  const { Attributes = {} } = await queue.client.send(
    new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] }),
    { ...(abortSignal && { abortSignal }) },
  );
  return descriptionOf(queue, Attributes);
}

export function descriptionOf(
  queue: Queue,
  attributes: Readonly<Record<string, string>>,
): QueueDescription {
  const maxReceiveCount = readMaxReceiveCount(attributes.RedrivePolicy);
  return {
    name: queue.url.slice(queue.url.lastIndexOf('/') + 1),
    visible: Number(attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    visibilityTimeoutSeconds: Number(attributes.VisibilityTimeout ?? 30),
    retentionSeconds: Number(attributes.MessageRetentionPeriod ?? 345_600),
    ...(maxReceiveCount && { maxReceiveCount }),
  };
}

/** SQS returns the count as the number or string that was set. */
function readMaxReceiveCount(redrivePolicy: string | undefined): number | undefined {
  if (!redrivePolicy) return undefined;
  const { maxReceiveCount } = JSON.parse(redrivePolicy) as { maxReceiveCount?: number | string };
  return maxReceiveCount === undefined ? undefined : Number(maxReceiveCount);
}
