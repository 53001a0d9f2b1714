import { closedGate } from '../faults/support/gate.ts';
import { loginMessages } from './data/login-messages.ts';
import type { IngestHandle, RunOptions, Stack } from './stack.ts';

export type HeldRun = {
  handle: IngestHandle;
  /** Answers the receive, so that the run continues. */
  release(): void;
};

const RECEIVED_BEFORE = 6;

/** Starts a run of one message per batch, which has stored some and waits for the queue's answer until it is released. */
export async function startHeldRun(
  stack: Stack,
  messages: number,
  input: object,
  options?: RunOptions,
): Promise<HeldRun> {
  const gate = closedGate();
  let received = 0;
  stack.sqs.proxy.setFault(async ({ action }, passOn) => {
    if (action === 'ReceiveMessage') {
      received += 1;
      if (received > RECEIVED_BEFORE) await gate.pass();
    }
    return passOn();
  });
  await stack.send(loginMessages(messages));
  const handle = await stack.start({ ...input, batchSize: 1 }, options);
  await gate.reached;
  return { handle, release: gate.open };
}
