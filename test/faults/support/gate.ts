export type Gate = {
  /** Waits until the gate is opened. */
  pass(): Promise<void>;
  open(): void;
  /** Resolves when somebody waits at the gate. */
  reached: Promise<void>;
};

/** Something that is held until the test lets it go. */
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
