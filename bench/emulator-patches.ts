import { randomBytes } from 'node:crypto';

/** The part of fauxqs' queue class that we use; the package does not export the class. */
export type EmulatorQueue = {
  messages: object[];
  inflightMessages: Map<string, { receiptHandle: string }>;
  attributes: Record<string, string>;
  isFifo(): boolean;
  enqueue(message: { delayUntil?: number }): void;
  dequeue(maxCount: number, ...rest: unknown[]): { ReceiptHandle: string }[];
  getAttribute(name: string): string | undefined;
  processTimers(): void;
  notifyWaiters(): void;
};

/** AWS' handles always begin with the same bytes, in base64. */
const HANDLE_PREFIX = 'AQEB';

/** Replaces receipt handles by random base64 of the given length, which compresses no better than AWS' handles. */
export function padReceiptHandles(queues: EmulatorQueue, characters: number): void {
  const dequeue = queues.dequeue;
  queues.dequeue = function (this: EmulatorQueue, ...args) {
    const received = dequeue.apply(this, args);
    for (const message of received) {
      const entry = this.inflightMessages.get(message.ReceiptHandle);
      if (!entry) continue;
      this.inflightMessages.delete(message.ReceiptHandle);
      entry.receiptHandle = randomHandle(characters);
      message.ReceiptHandle = entry.receiptHandle;
      this.inflightMessages.set(entry.receiptHandle, entry);
    }
    return received;
  };
}

function randomHandle(characters: number): string {
  const random = randomBytes(Math.ceil((characters * 3) / 4)).toString('base64');
  return (HANDLE_PREFIX + random).slice(0, characters);
}

/** The most messages in the emulator's own array, so that removing the first one is cheap. */
const IN_FRONT = 1_000;
/** How often the emulator checks for expired visibility timeouts. */
const LOOK_EVERY_MS = 100;

/**
 * Makes the cost of a receive independent of the number of messages, as in SQS. The emulator removes messages from the
 * front of one array, which moves all others once it is large, and scans all messages in flight at each receive.
 */
export function flattenCosts(queues: EmulatorQueue): void {
  const backlogs = new WeakMap<EmulatorQueue, object[][]>();
  const looked = new WeakMap<EmulatorQueue, number>();
  const { enqueue, dequeue, getAttribute, processTimers } = queues;

  const waitingBehind = (queue: EmulatorQueue): number =>
    (backlogs.get(queue) ?? []).reduce((sum, chunk) => sum + chunk.length, 0);

  queues.enqueue = function (this: EmulatorQueue, message) {
    const delayed = (message.delayUntil ?? 0) > Date.now();
    const backlog = backlogs.get(this) ?? [];
    if (this.isFifo() || delayed || (backlog.length === 0 && this.messages.length < IN_FRONT)) {
      enqueue.call(this, message);
      return;
    }
    backlogs.set(this, backlog);
    const last = backlog.at(-1);
    if (last && last.length < IN_FRONT) last.push(message);
    else backlog.push([message]);
    this.notifyWaiters();
  };

  queues.dequeue = function (this: EmulatorQueue, maxCount, ...rest) {
    if (this.messages.length < maxCount) this.messages.push(...(backlogs.get(this)?.shift() ?? []));
    return dequeue.call(this, maxCount, ...rest);
  };

  queues.getAttribute = function (this: EmulatorQueue, name) {
    const value = getAttribute.call(this, name);
    if (name !== 'ApproximateNumberOfMessages') return value;
    return String(Number(value) + waitingBehind(this));
  };

  queues.processTimers = function (this: EmulatorQueue) {
    const now = Date.now();
    if (now - (looked.get(this) ?? 0) < LOOK_EVERY_MS) return;
    looked.set(this, now);
    processTimers.call(this);
  };
}
