import { describeQueue } from '../../queue/describe-queue.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { type SqsSettings, sqsClient } from '../../queue/sqs-client.ts';
import { otherRegion, queueAddress, queueProblem } from '../connect/queue-problem.ts';
import { reachQueue } from '../connect/with-queue.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';
import { notConfigured } from './configuration-checks.ts';

const QUEUE = 'queue';
/** A batch takes a second or two, and Postgres may be slow. */
const MIN_VISIBILITY_SECONDS = 30;

export function queueChecks(settings: SqsSettings | undefined): CheckList {
  if (!settings) return { checks: [{ name: QUEUE, run: notConfigured }] };
  const client = sqsClient(settings);
  let queue: Queue | undefined;
  const open = async () => {
    queue ??= await reachQueue(client, settings);
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
          const where = otherRegion(settings, queue?.url);
          if (where) {
            return failed(`the queue is in ${where}`, `Set AWS_REGION to ${where}.`);
          }
          return ok(`${name} (${kind}): ${visible} visible, ${inFlight} in flight, ${redrive}`);
        },
        explain: (error) => {
          const { why, whatToDo } = queueProblem(error, settings);
          return { detail: `${queueAddress(settings)}: ${why}`, whatToDo };
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

function visibility(ours: number | undefined, theirs: number): Finding {
  const seconds = ours ?? theirs;
  const source = ours ? 'SQS_VISIBILITY_TIMEOUT_SECONDS' : "the queue's own";
  if (seconds >= MIN_VISIBILITY_SECONDS) return ok(`${seconds} s, ${source}`);
  return warning(
    `${seconds} s, ${source}: SQS may deliver messages again before they are stored`,
    `Set ${MIN_VISIBILITY_SECONDS} s or more: SQS_VISIBILITY_TIMEOUT_SECONDS, or on the queue.`,
  );
}
