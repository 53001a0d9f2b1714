import type { Config } from '../../config/config.ts';
import { openQueue, type Queue } from '../../queue/open-queue.ts';
import { sqsClient } from '../../queue/sqs-client.ts';
import { queueProblem } from './queue-problem.ts';

/** Opens the queue, acts on it, and closes the client. */
export async function withQueue<T>(
  settings: Config['sqs'],
  act: (queue: Queue) => Promise<T>,
): Promise<T> {
  const client = sqsClient(settings);
  try {
    return await act(await openQueue(client, settings));
  } catch (error) {
    throw queueProblem(error, settings);
  } finally {
    client.destroy();
  }
}
