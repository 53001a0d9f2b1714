import { setTimeout as sleep } from 'node:timers/promises';
import { loginMessages, smallBadMessages } from '../../support/data/login-messages.ts';
import type { IngestHandle, Stack } from '../../support/start-stack.ts';
import { MESSAGES } from './sizes.ts';

/** Small batches, so that a random moment can be in any step. */
const BATCH = 100;
/** Kept on the queue, so that the run does not end before the last fault. */
const LOW = 5 * BATCH;
const BAD = smallBadMessages(1).map(({ body }) => body);

/**
 * Injects faults into one run while the queue is never empty. Afterwards the run drains the queue, at least MESSAGES in
 * all. @returns the ended run, and the ids of all messages
 */
export async function underLoad(
  stack: Stack,
  disturb: () => Promise<void>,
): Promise<{ run: IngestHandle; ids: string[] }> {
  const ids = await stack.send([...loginMessages(2 * LOW), ...BAD]);
  const run = await stack.start({ batchSize: BATCH });
  let disturbing = true;
  const feed = async () => {
    while (disturbing) {
      const { visible } = await stack.queueDepth();
      if (visible < LOW) ids.push(...(await stack.send(loginMessages(LOW))));
      await sleep(50);
    }
    const rest = Math.max(0, MESSAGES - ids.length);
    ids.push(...(await stack.send(loginMessages(rest))));
  };
  const feeding = feed();
  try {
    await disturb();
  } finally {
    disturbing = false;
    await feeding;
  }
  await run.result();
  return { run, ids };
}
