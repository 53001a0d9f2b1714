/**
 * The time in which a server must be reached: with the start of the program, one that does not answer is reported within
 * five seconds.
 */
export const REACH_TIMEOUT_MS = 2_500;

/** Returns the answer, or what `late` returns when it takes longer; the signal then ends what still goes on. */
export async function answerWithin<T, L>(
  ms: number,
  ask: (signal: AbortSignal) => Promise<T> | T,
  late: () => L,
): Promise<T | L> {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    const tooLate = promise.then(late).finally(() => over.abort());
    return await Promise.race([ask(over.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
