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

/** The regional hosts of SQS: usual, FIPS, dual-stack, of a VPC endpoint, and of the old form. */
const REGIONAL_HOST =
  /^https?:\/\/(?:(?:[a-z0-9-]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com|api\.aws)|([a-z0-9-]+)\.queue\.amazonaws\.com)/;

/** The region in the queue's own URL or in the endpoint, where it is another than AWS_REGION. */
export function otherRegion(
  { queue, region, endpoint = '' }: SqsSettings,
  url = '',
): string | undefined {
  const addresses = ['url' in queue ? queue.url : url, endpoint];
  return addresses
    .map((address) => REGIONAL_HOST.exec(address))
    .map((match) => match?.[1] ?? match?.[2])
    .find((there) => there !== undefined && there !== region);
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
      `its address is in region ${there} (${code})`,
      `Set AWS_REGION to ${there}.`,
    );
  }
  if (MISSING.includes(code)) {
    return new Problem(
      what,
      `this region and account have no such queue (${code}); SQS answers the same in a wrong region`,
      'Check AWS_REGION first: every region has queues of its own. Then SQS_QUEUE_NAME or SQS_QUEUE_URL, and the account of the credentials.',
    );
  }
  return new Problem(what, `${policy.advice} (${code})`, CHECK_QUEUE);
}
