import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../exit-codes.ts';

const TO_TOP = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';

/** Draws again and again, until Ctrl-C. @returns the exit code */
export async function watchStatus(everyMs: number, draw: () => Promise<string>): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    if (process.stdout.isTTY) process.stdout.write(CLEAR_ALL);
    while (!interruption.signal.aborted) {
      show(await draw());
      await sleep(everyMs, undefined, { signal: interruption.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return EXIT.interrupted;
}

/** On a terminal over what was there, without flicker; elsewhere one after the other. */
function show(text: string): void {
  process.stdout.write(
    process.stdout.isTTY
      ? `${TO_TOP}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_LINE}\n${CLEAR_BELOW}`
      : `${text}\n`,
  );
}
