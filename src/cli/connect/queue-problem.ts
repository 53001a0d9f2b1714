import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import type { SqsSettings } from '../../queue/sqs-client.ts';

export const CHECK_QUEUE =
  'Check SQS_QUEUE_URL or SQS_QUEUE_NAME, AWS_REGION, AWS_ENDPOINT_URL_SQS and the AWS credentials.';

const MISSING = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];

/** Where a queue was looked for: its name, region and endpoint. */
export function queueAddress({ queue, region, endpoint }: SqsSettings): string {
  const name = 'url' in queue ? queue.url : queue.name;
  return `${name} in region ${region}${endpoint ? ` at ${endpoint}` : ''}`;
}

/** The region in the queue's own URL, where it is another than AWS_REGION. */
export function otherRegion({ queue, region }: SqsSettings, url = ''): string | undefined {
  const address = 'url' in queue ? queue.url : url;
  const there = /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(address)?.[1];
  return there === region ? undefined : there;
}

/** What an error of SQS means, and where the queue was looked for. */
export function queueProblem(error: unknown, settings: SqsSettings): Problem {
  if (error instanceof Problem) return error;
  const what = `the queue ${queueAddress(settings)} cannot be used`;
  const { code, policy } = classifyError(error);
  const there = otherRegion(settings);
  if (there !== undefined) {
    return new Problem(
      what,
      `its URL is in region ${there} (${code})`,
      `Set AWS_REGION to ${there}.`,
    );
  }
  if (MISSING.includes(code)) {
    return new Problem(
      what,
      `this region and account have no such queue (${code})`,
      'Check AWS_REGION first: every region has queues of its own. Then SQS_QUEUE_NAME or SQS_QUEUE_URL, and the account of the credentials.',
    );
  }
  return new Problem(what, `${policy.advice} (${code})`, CHECK_QUEUE);
}
