import { setTimeout as sleep } from 'node:timers/promises';
import { PortTakenError } from '../ports/port-taken.ts';
import type { RunningProcess } from './child-process.ts';
import { inWords } from './run-to-completion.ts';

type ReadinessOptions = {
  readonly name: string;
  readonly server: RunningProcess;
  /** Throws while the server does not answer yet. */
  readonly probe: () => Promise<void>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Reports errors that a retry cannot resolve. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined;
};

const pauseMs = 50;
const LINES_OF_A_PANIC = 200;
const portTaken = /address already in use|can't (?:set|use) .*port|EADDRINUSE/i;

/** Waits until the server answers. Stops and reports a server that does not answer in time or ends early. */
export async function untilReady(options: ReadinessOptions): Promise<void> {
  const kill = (): void => {
    void options.server.kill();
  };
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    await poll(options);
  } catch (error) {
    await options.server.kill();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', kill);
  }
}

async function poll(options: ReadinessOptions): Promise<void> {
  const { name, server, signal } = options;
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (server.hasExited()) throw await earlyExit(name, server);
    try {
      await options.probe();
      // If our process has ended, another server answered.
      if (server.hasExited()) throw await earlyExit(name, server);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (server.hasExited()) throw await earlyExit(name, server);
      if (options.isFinal?.(error)) throw error;
      if (Date.now() > deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${name} did not answer within ${options.timeoutMs / 1000} s (${reason}). Its last lines:\n` +
            server.lastLines(),
        );
      }
    }
    await Promise.race([server.exited, sleep(pauseMs)]);
  }
}

async function earlyExit(name: string, server: RunningProcess): Promise<Error> {
  const lines = server.lastLines();
  const message = `${name} ended while starting ${inWords(await server.exited)}. Its last lines:\n${lines}`;
  // A Go program's stack follows what it panicked about.
  const isPortTaken = portTaken.test(server.lastLines(LINES_OF_A_PANIC));
  return isPortTaken ? new PortTakenError(message) : new Error(message);
}
