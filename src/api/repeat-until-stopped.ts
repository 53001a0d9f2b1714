/** Acts again and again, with a pause in between. Stopping waits for the act that is under way. */
export function repeatUntilStopped(
  pauseMs: number,
  act: (stopping: AbortSignal) => Promise<void>,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let underWay = Promise.resolve();
  const again = () => {
    underWay = act(stopping.signal)
      .catch(onFailure)
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(again, pauseMs);
      });
  };
  again();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await underWay;
    },
  };
}
