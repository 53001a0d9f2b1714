import { FIRST_CALLS } from './calls-in-flight.ts';
import { inLoops } from './in-loops.ts';

/** The limit of SQS for a batch call and for a receive. */
export const MAX_ENTRIES_PER_CALL = 10;

/** Calls `act` for every ten items, as many calls at once as `limit` says, and returns the answers in order. */
export async function inBatchesOfTen<T, R>(
  items: readonly T[],
  act: (ten: readonly T[]) => Promise<R>,
  limit: () => number = () => FIRST_CALLS,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  await inLoops(limit, () => {
    const at = next;
    const from = at * MAX_ENTRIES_PER_CALL;
    if (from >= items.length) return undefined;
    next += 1;
    const keep = async () => {
      answers[at] = await act(items.slice(from, from + MAX_ENTRIES_PER_CALL));
      return true;
    };
    return keep();
  });
  return answers;
}
