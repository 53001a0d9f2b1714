import type { QueueDescription } from '../../queue/describe-queue.ts';

/** A queue that moves a message to its dead-letter queue after so few receives is not looked at by default. */
export const FEW_RECEIVES = 3;

/** Whether a look, which is a receive, may send a message to the dead-letter queue. */
export const risksDeadLetter = ({ maxReceiveCount }: QueueDescription): boolean =>
  maxReceiveCount !== undefined && maxReceiveCount <= FEW_RECEIVES;
