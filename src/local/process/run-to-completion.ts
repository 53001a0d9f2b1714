import { type ProcessExit, type ProcessOptions, startProcess } from './child-process.ts';

export type RunOptions = ProcessOptions & {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

/**
 * Runs a program to its end and returns its last lines. Any exit code but 0 is an error that quotes them. After an abort
 * or the timeout, the whole process group is killed.
 */
export async function runToCompletion(options: RunOptions): Promise<string> {
  const { signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const running = await startProcess(options);
  const kill = (): void => {
    void running.kill();
  };
  let timedOut = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, timeoutMs);
  signal?.addEventListener('abort', kill, { once: true });
  // The abort may have happened while the process was starting.
  if (signal?.aborted) kill();
  try {
    const exit = await running.exited;
    signal?.throwIfAborted();
    if (timedOut) {
      throw new Error(`${options.name} did not end within ${(timeoutMs ?? 0) / 1000} s`);
    }
    if (exit.code !== 0) {
      throw new Error(`${options.name} failed ${inWords(exit)}:\n${running.lastLines()}`);
    }
    return running.lastLines();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
  }
}

export function inWords(exit: ProcessExit): string {
  return exit.signal === null ? `(exit code ${exit.code})` : `(killed by ${exit.signal})`;
}
