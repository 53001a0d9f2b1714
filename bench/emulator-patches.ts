import { randomBytes } from 'node:crypto';

/** What we use of fauxqs' queue class, which its package does not export. */
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

/** Of AWS' handles: the first bytes, in base64, are always the same. */
const HANDLE_PREFIX = 'AQEB';

/** Gives every received message a handle of so many characters: random base64, so that it compresses no better than AWS'. */
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

/** So many messages lie in the emulator's own array: small enough that taking the first one is cheap. */
const IN_FRONT = 1_000;
/** How often the emulator looks for messages whose visibility timeout has ended. */
const LOOK_EVERY_MS = 100;

/**
 * Makes a receive cost the same however much is queued or in flight, as in SQS. The emulator shifts messages off
 * one array, which moves all the others once it is large, and walks through everything in flight at each receive.
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
