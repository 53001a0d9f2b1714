/** SQS takes at most so many entries in a batch call. */
const ENTRIES_PER_CALL = 10;
const DEFAULT_CONCURRENCY = 16;

/** Calls `act` for the items in tens, several calls at once, and gives its answers in order. */
export async function inTens<T, R>(
  items: readonly T[],
  act: (ten: readonly T[]) => Promise<R>,
  concurrency: number = DEFAULT_CONCURRENCY,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const work = async () => {
    while (next * ENTRIES_PER_CALL < items.length) {
      const at = next++;
      const from = at * ENTRIES_PER_CALL;
      answers[at] = await act(items.slice(from, from + ENTRIES_PER_CALL));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return answers;
}
