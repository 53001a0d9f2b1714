import { loadConfig } from '../src/config/config.ts';
import { deleteMessages } from '../src/queue/delete-messages.ts';
import type { Queue } from '../src/queue/open-queue.ts';
import { receiveOnce } from '../src/queue/receive-once.ts';
import { sendMessages } from '../src/queue/send-messages.ts';
import { sqsClient } from '../src/queue/sqs-client.ts';
import { createBenchQueue, deleteBenchQueue } from './bench-queue.ts';
import { loginEvents } from './login-events.ts';
import type { Servers } from './servers.ts';

/** Enough to warm up a just-in-time compiler. */
const MESSAGES = 5_000;
const LOOPS = 8;

/** Sends and receives some messages, so that the SQS endpoint is warm for the first contestant. */
export async function warmSqs(servers: Servers): Promise<{ handleCharacters: number }> {
  const { endpoint } = servers.sqs;
  const { sqs } = loadConfig(['sqs'], servers.environment(endpoint, servers.postgres.url));
  const client = sqsClient({ ...sqs, ...servers.credentials });
  const queue = await createBenchQueue(client, sqs.region, endpoint, 'bench-warm-up');
  const bodies = Array.from(loginEvents(MESSAGES), (event) => JSON.stringify(event));
  await sendMessages(queue, bodies);
  const lengths = await Promise.all(Array.from({ length: LOOPS }, () => takeAll(queue)));
  await deleteBenchQueue(queue);
  client.destroy();
  return { handleCharacters: Math.max(...lengths) };
}

/** @returns the length of the receipt handles */
async function takeAll(queue: Queue): Promise<number> {
  let handleCharacters = 0;
  for (;;) {
    const messages = await receiveOnce(queue, { maxMessages: 10, waitSeconds: 0 });
    if (messages.length === 0) return handleCharacters;
    const handles = messages.map(({ receiptHandle }) => receiptHandle);
    handleCharacters = handles[0]?.length ?? 0;
    await deleteMessages(queue, handles);
  }
}
