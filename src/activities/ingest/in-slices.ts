import { setImmediate as nextTurn } from 'node:timers/promises';

/** Well below a millisecond of work. */
const SLICE = 32;

/**
 * Does what takes long in slices, with a turn of the event loop between them: what other lanes wait for is sent and
 * answered meanwhile, and their servers have work.
 */
export async function inSlices<T>(
  items: readonly T[],
  act: (slice: readonly T[]) => void,
): Promise<void> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) await nextTurn();
    act(items.slice(from, from + SLICE));
  }
}
