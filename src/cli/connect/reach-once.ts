/** The questions of one look share a failure; a later look tries again. */
const FAILURE_KEPT_MS = 1_000;

/** What is reached at its first use, and kept. */
export function reachOnce<T>(reach: () => Promise<T>): () => Promise<T> {
  let reached: Promise<T> | undefined;
  return () => {
    if (reached) return reached;
    const reaching = reach();
    reaching.catch(() => {
      setTimeout(() => {
        reached = undefined;
      }, FAILURE_KEPT_MS).unref();
    });
    reached = reaching;
    return reaching;
  };
}
