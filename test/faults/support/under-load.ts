import { setTimeout as sleep } from 'node:timers/promises';
import { loginMessages, smallBadMessages } from '../../support/data/login-messages.ts';
import type { IngestHandle, Stack } from '../../support/start-stack.ts';
import { MESSAGES } from './sizes.ts';

/** Small batches: a moment chosen at random falls into any step. */
const BATCH = 100;
/** Of these there are always some on the queue, so that no run ends before it was disturbed. */
const LOW = 5 * BATCH;
const BAD = smallBadMessages(1).map(({ body }) => body);

/**
 * One run, which is disturbed while there is always something to do. Afterwards it drains what is left: at least
 * MESSAGES in all. @returns the run, ended, and the ids of all that was sent
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
