import { openQueue } from './open-queue.ts';
import { type SqsSettings, sqsClient } from './sqs-client.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Returns the time of SQS' clock from the Date header of an answer, in whole seconds. A refusal has this header too, so
 * this works even when the clocks differ so much that SQS rejects signatures. Undefined when SQS does not answer.
 */
export async function sqsServerTimeMs(settings: SqsSettings): Promise<number | undefined> {
  const client = sqsClient(settings, { requestTimeoutMs: ANSWER_TIMEOUT_MS, maxAttempts: 1 });
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    // Runs before the SDK parses the answer, which throws for a refusal.
    { step: 'deserialize', priority: 'low', name: 'readDate' },
  );
  try {
    await openQueue(client, settings);
  } catch {
    // Another check reports problems with the queue.
  } finally {
    client.destroy();
  }
  const timeMs = Date.parse(date ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
