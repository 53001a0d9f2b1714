import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Config } from '../../config/config.ts';
import { Problem } from '../../errors/problem.ts';
import { openQueue, type Queue } from '../../queue/open-queue.ts';
import { type SqsSettings, sqsClient } from '../../queue/sqs-client.ts';
import { answerWithin, REACH_TIMEOUT_MS } from './answer-within.ts';
import { CHECK_QUEUE, queueAddress, queueProblem } from './queue-problem.ts';

/** Opens the queue, acts on it, and closes the client. */
export async function withQueue<T>(
  settings: Config['sqs'],
  act: (queue: Queue) => Promise<T>,
): Promise<T> {
  const client = sqsClient(settings);
  try {
    return await act(await reachQueue(client, settings));
  } catch (error) {
    throw queueProblem(error, settings);
  } finally {
    client.destroy();
  }
}

/** Opens the queue, unless SQS does not answer: the SDK alone would try for most of a minute. */
export const reachQueue = (client: SQSClient, settings: SqsSettings): Promise<Queue> =>
  answerWithin(
    REACH_TIMEOUT_MS,
    (signal) => openQueue(client, settings, signal),
    () => {
      throw new Problem(
        `the queue ${queueAddress(settings)} cannot be used`,
        `no answer within ${REACH_TIMEOUT_MS / 1_000} s`,
        CHECK_QUEUE,
      );
    },
  );
