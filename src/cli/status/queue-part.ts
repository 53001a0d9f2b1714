import { describeQueue, type QueueDescription } from '../../queue/describe-queue.ts';
import { peekQueue } from '../../queue/peek-queue.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { CHECK_QUEUE } from '../connect/with-queue.ts';
import { risksDeadLetter } from '../messages/risks-dead-letter.ts';

const LOOK_AT = 10;

export type QueueView = QueueDescription & {
  /** Of the oldest message looked at; null when none was. */
  oldestSeenSeconds: number | null;
};

/** SQS tells the age of a queue's oldest message to CloudWatch only: here it takes a look at some messages. */
export const readQueue = (sources: Sources, look: boolean): Promise<Part<QueueView>> =>
  ask(CHECK_QUEUE, async () => {
    const queue = await sources.queue();
    const description = await describeQueue(queue);
    const looks = look && description.visible > 0 && !risksDeadLetter(description);
    const seen = looks ? await peekQueue(queue, LOOK_AT) : [];
    const ages = seen.map(({ sentAtMs }) => Math.max(0, Math.round((Date.now() - sentAtMs) / 1e3)));
    return { ...description, oldestSeenSeconds: ages.length > 0 ? Math.max(...ages) : null };
  });
