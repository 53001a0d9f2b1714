import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** Waits until a condition holds. @throws with its name after a timeout */
export async function until(what: string, isSo: () => unknown, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`still not so after ${withinMs / 1_000} s: ${what}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
