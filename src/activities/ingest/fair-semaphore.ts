/** Runs what it is given when its turn has come. */
type WithSemaphore = <T>(act: () => Promise<T>) => Promise<T>;

/** A lane that waits for something far away, or for a server that hangs, holds up the others no longer than this. */
const LONGEST_TURN_MS = 500;

/**
 * Lanes take turns at a step, in the order in which they came. Side by side all of them would be done with it at the end,
 * and at the same time; one after the other the first one's batch is soon at the next step, whose server has work
 * meanwhile. A turn that takes long is not cut short: the next one begins beside it.
 */
export function fairSemaphore(longestTurnMs: number = LONGEST_TURN_MS): WithSemaphore {
  let mayBegin: Promise<unknown> = Promise.resolve();
  return (act) => {
    const before = mayBegin;
    const { promise, resolve: pass } = Promise.withResolvers<void>();
    mayBegin = promise;
    return before.then(async () => {
      const tooLong = setTimeout(pass, longestTurnMs);
      try {
        return await act();
      } finally {
        clearTimeout(tooLong);
        pass();
      }
    });
  };
}
