/** The limit of SQS for a batch call and for a receive. */
export const MAX_ENTRIES_PER_CALL = 10;
const DEFAULT_CONCURRENCY = 16;

/** Calls `act` for every ten items, several calls at once, and returns the answers in order. */
export async function inBatchesOfTen<T, R>(
  items: readonly T[],
  act: (ten: readonly T[]) => Promise<R>,
  concurrency: number = DEFAULT_CONCURRENCY,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const work = async () => {
    while (next * MAX_ENTRIES_PER_CALL < items.length) {
      const at = next++;
      const from = at * MAX_ENTRIES_PER_CALL;
      answers[at] = await act(items.slice(from, from + MAX_ENTRIES_PER_CALL));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return answers;
}
