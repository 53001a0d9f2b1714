import { classifyError } from '../../errors/classify-error.ts';
import { describeQueue } from '../../queue/describe-queue.ts';
import { openQueue, type Queue } from '../../queue/open-queue.ts';
import { type SqsSettings, sqsClient } from '../../queue/sqs-client.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';
import { notConfigured } from './configuration-checks.ts';

const QUEUE = 'queue';
/** A batch takes a second or two; Postgres may take its time. */
const MIN_VISIBILITY_SECONDS = 30;

const WHAT_TO_DO =
  'Check SQS_QUEUE_URL or SQS_QUEUE_NAME, AWS_REGION, AWS_ENDPOINT_URL_SQS and the AWS credentials.';

export function queueChecks(settings: SqsSettings | undefined): CheckList {
  if (!settings) return { checks: [{ name: QUEUE, run: notConfigured }] };
  const client = sqsClient(settings);
  let queue: Queue | undefined;
  const open = async () => {
    queue ??= await openQueue(client, settings);
    return describeQueue(queue);
  };
  return {
    checks: [
      {
        name: QUEUE,
        async run() {
          const { name, visible, inFlight, maxReceiveCount } = await open();
          const kind = queue?.fifo ? 'FIFO' : 'standard';
          const redrive = maxReceiveCount
            ? `dead letters after ${maxReceiveCount} receives`
            : 'no redrive policy';
          const where = queue && otherRegion(queue.url, settings.region);
          if (where) {
            return failed(`the queue is in ${where}`, `Set AWS_REGION to ${where}.`);
          }
          return ok(`${name} (${kind}): ${visible} visible, ${inFlight} in flight, ${redrive}`);
        },
        explain: (error) => {
          const { code, policy } = classifyError(error);
          return { detail: `${policy.advice} (${code})`, whatToDo: WHAT_TO_DO };
        },
      },
      {
        name: 'visibility timeout',
        needs: QUEUE,
        run: async () =>
          visibility(settings.visibilityTimeoutSeconds, (await open()).visibilityTimeoutSeconds),
      },
    ],
    close: async () => client.destroy(),
  };
}

/** The region of an AWS queue URL, if it is another. */
function otherRegion(url: string, region: string): string | undefined {
  const there = /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(url)?.[1];
  return there === region ? undefined : there;
}

function visibility(ours: number | undefined, theirs: number): Finding {
  const seconds = ours ?? theirs;
  const source = ours ? 'SQS_VISIBILITY_TIMEOUT_SECONDS' : "the queue's own";
  if (seconds >= MIN_VISIBILITY_SECONDS) return ok(`${seconds} s, ${source}`);
  return warning(
    `${seconds} s, ${source}: messages may come again before they are stored`,
    `Make it ${MIN_VISIBILITY_SECONDS} s or more: SQS_VISIBILITY_TIMEOUT_SECONDS, or at the queue.`,
  );
}
