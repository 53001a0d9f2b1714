import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '../src/local/process/child-process.ts';
import { untilDrained } from './bench-queue.ts';
import type { Round, Running } from './contestant.ts';
import { GO, READY } from './contestants/warm-up.ts';

const LOOK_EVERY_MS = 20;
const WARM_UP_MS = 120_000;

/** A contestant in `contestants/`: the program warms up, waits for a signal, and drains until it is stopped. */
export async function openOwnProgram(
  file: string,
  round: Round,
  settings: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const program = await startProcess({
    name: file,
    command: process.execPath,
    args: [fileURLToPath(new URL(`./contestants/${file}`, import.meta.url))],
    env: {
      ...round.environment,
      ...settings,
      BENCH_WARM_MESSAGES: String(round.warmMessages),
    },
    logFile: round.servers.logFile(round.name),
  });
  return {
    pids: [program.pid],
    warmUp: () => untilReady(program, round.signal),
    drain: async () => {
      process.kill(program.pid, GO);
      await Promise.race([untilDrained(round.queue, round.signal), whenItEnds(file, program)]);
    },
    problems: () => [],
    history: async () => undefined,
    stop: () => program.stop(),
  };
}

async function untilReady(program: RunningProcess, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + WARM_UP_MS;
  while (!program.lastLines().includes(READY)) {
    if (performance.now() > deadline) throw new Error('a contestant does not get warm');
    if (program.hasExited()) await whenItEnds('it', program);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** @throws Error when the contestant's process ends before it is stopped */
export async function whenItEnds(name: string, program: RunningProcess): Promise<never> {
  const { code, signal } = await program.exited;
  throw new Error(`${name} ended (${signal ?? `exit code ${code}`}):\n${program.lastLines()}`);
}
