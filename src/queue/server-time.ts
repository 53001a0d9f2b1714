import { openQueue } from './open-queue.ts';
import { type SqsSettings, sqsClient } from './sqs-client.ts';

/**
 * The time by SQS' clock: the Date of its answer, in whole seconds. Refusals have one as well, so it can be had
 * when the clocks are so far apart that signatures are not accepted. Undefined when SQS does not answer.
 */
export async function sqsServerTimeMs(settings: SqsSettings): Promise<number | undefined> {
  const client = sqsClient(settings);
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    // Innermost: before the answer is read, which throws if it is a refusal.
    { step: 'deserialize', priority: 'low', name: 'readDate' },
  );
  try {
    await openQueue(client, settings);
  } catch {
    // The queue has a check of its own.
  } finally {
    client.destroy();
  }
  const timeMs = Date.parse(date ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
