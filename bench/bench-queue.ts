import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type GetQueueAttributesCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { descriptionOf } from '../src/queue/describe-queue.ts';
import { openQueue, type Queue } from '../src/queue/open-queue.ts';

/** Longer than any contestant holds a message, so that during a measurement only lost messages are redelivered. */
const VISIBILITY_TIMEOUT_SECONDS = '60';

/** The intervals of polling the queue: long enough to cost nothing, and short at the end, to be exact. */
const LOOK_EVERY_MS = 100;
const LOOK_EVERY_MS_NEAR_THE_END = 20;
/** Some contestants delete thousands in the last tenth of a second. */
const NEAR_THE_END_MESSAGES = 10_000;
const NO_PROGRESS_MS = 120_000;

export async function createBenchQueue(
  client: SQSClient,
  region: string,
  endpoint: string,
  name: string,
): Promise<Queue> {
  const { QueueUrl: url = '' } = await client.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { VisibilityTimeout: VISIBILITY_TIMEOUT_SECONDS },
    }),
  );
  return openQueue(client, { region, endpoint, queue: { url } });
}

export async function deleteBenchQueue(queue: Queue): Promise<void> {
  await queue.client.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
}

/** Counts messages that are not deleted yet; `all` includes received ones. The SDK would cost measurable time here. */
export async function messagesLeft(queue: Queue): Promise<{ all: number; inFlight: number }> {
  const { Attributes = {} } = await queue.call<GetQueueAttributesCommandOutput>(
    'GetQueueAttributes',
    { QueueUrl: queue.url, AttributeNames: ['All'] },
  );
  const { visible, inFlight, delayed } = descriptionOf(queue, Attributes);
  return { all: visible + inFlight + delayed, inFlight };
}

/** Resolves when the last message is deleted. @throws Error after two minutes without a delete */
export async function untilDrained(queue: Queue, signal: AbortSignal): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  let lastProgress = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const { all: left, inFlight } = await messagesLeft(queue);
    if (left === 0) return;
    const now = performance.now();
    if (left < last) lastProgress = now;
    else if (now - lastProgress > NO_PROGRESS_MS) {
      throw new Error(
        `${left} messages are left in the queue, ${inFlight} of them received, and for two minutes none was deleted`,
      );
    }
    last = left;
    const nearTheEnd = left <= NEAR_THE_END_MESSAGES;
    await delay(nearTheEnd ? LOOK_EVERY_MS_NEAR_THE_END : LOOK_EVERY_MS, undefined, { signal });
  }
}
