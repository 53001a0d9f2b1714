import { describeQueue, type QueueDescription } from '../../queue/describe-queue.ts';
import { peekQueue } from '../../queue/peek-queue.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { CHECK_QUEUE } from '../connect/queue-problem.ts';
import { risksDeadLetter } from '../messages/risks-dead-letter.ts';

const LOOK_AT = 10;

export type QueueView = QueueDescription & {
  /** Age of the oldest message that was received; null for none. */
  oldestSeenSeconds: number | null;
};

/** SQS reports the age of the oldest message to CloudWatch only, so some messages are received to see theirs. */
export const readQueue = (sources: Sources, look: boolean): Promise<Part<QueueView>> =>
  ask({ tried: sources.tried.queue, whatToDo: CHECK_QUEUE }, async () => {
    const queue = await sources.queue();
    const description = await describeQueue(queue);
    const looks = look && description.visible > 0 && !risksDeadLetter(description);
    const seen = looks ? await peekQueue(queue, LOOK_AT) : [];
    const ages = seen.map(({ sentAtMs }) => Math.max(0, Math.round((Date.now() - sentAtMs) / 1e3)));
    return { ...description, oldestSeenSeconds: ages.length > 0 ? Math.max(...ages) : null };
  });
