import type { Config } from '../../config/config.ts';
import { connectOrExplain } from '../../errors/connect-or-explain.ts';
import { openQueue, type Queue } from '../../queue/open-queue.ts';
import { sqsClient } from '../../queue/sqs-client.ts';

export const CHECK_QUEUE =
  'Check SQS_QUEUE_URL or SQS_QUEUE_NAME, AWS_REGION, AWS_ENDPOINT_URL_SQS and the AWS credentials. `login-etl doctor` looks at each part.';

/** Opens the queue, acts on it, and closes the client. */
export async function withQueue<T>(
  settings: Config['sqs'],
  act: (queue: Queue) => Promise<T>,
): Promise<T> {
  const client = sqsClient(settings);
  try {
    const queue = await connectOrExplain('the queue', CHECK_QUEUE, () =>
      openQueue(client, settings),
    );
    return await act(queue);
  } finally {
    client.destroy();
  }
}
