import { setImmediate as nextTurn } from 'node:timers/promises';

/** Well below a millisecond of work. */
const SLICE = 32;

/**
 * Does what takes long in slices, with a turn of the event loop between them: what other lanes wait for is sent and
 * answered meanwhile, and their servers have work.
 * @param act from the first item of a slice up to that after its last
 */
export async function inSlices(
  count: number,
  act: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += SLICE) {
    if (from > 0) await nextTurn();
    act(from, Math.min(from + SLICE, count));
  }
}
