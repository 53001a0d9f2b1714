import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../exit-codes.ts';
import { clearScreen } from '../terminal/output.ts';

/** Calls `draw` until Ctrl-C. @returns the exit code */
export async function watchStatus(everyMs: number, draw: () => Promise<unknown>): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    clearScreen();
    while (!interruption.signal.aborted) {
      await draw();
      await sleep(everyMs, undefined, { signal: interruption.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return EXIT.interrupted;
}
