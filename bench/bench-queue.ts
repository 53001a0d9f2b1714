import { setTimeout as delay } from 'node:timers/promises';
import { CreateQueueCommand, DeleteQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { describeQueue } from '../src/sqs/describe-queue.ts';
import { openQueue, type Queue } from '../src/sqs/open-queue.ts';

/** Longer than any contestant holds a message: none comes back while it is measured, unless it was lost on the way. */
const VISIBILITY_TIMEOUT_SECONDS = '60';

/** How often the queue is looked at: seldom enough to cost nothing, at the end often enough to be exact. */
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

/** Messages that are not deleted yet, received or not. */
export async function messagesLeft(queue: Queue): Promise<number> {
  const { visible, inFlight, delayed } = await describeQueue(queue);
  return visible + inFlight + delayed;
}

/** Resolves when the last message is deleted. @throws Error when for two minutes none was */
export async function untilDrained(queue: Queue, signal: AbortSignal): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  let lastProgress = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const { visible, inFlight, delayed } = await describeQueue(queue);
    const left = visible + inFlight + delayed;
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
