export type Gate = {
  /** Waits until the gate is opened. */
  pass(): Promise<void>;
  open(): void;
  /** Resolves when a call waits at the gate. */
  reached: Promise<void>;
};

/** A gate holds calls until the test opens it. */
export function closedGate(): Gate {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    pass() {
      reached.resolve();
      return opened.promise;
    },
    open: opened.resolve,
    reached: reached.promise,
  };
}
