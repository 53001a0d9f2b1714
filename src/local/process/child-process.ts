import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { guardAgainstOrphans } from './orphan-guard.ts';
import { type OutputTail, outputTail } from './output-tail.ts';
import { signalProcessGroup } from './process-group.ts';

type StopStep = { readonly signal: NodeJS.Signals; readonly waitMs: number };

export type ProcessOptions = {
  /** Shown in messages, such as `PostgreSQL`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Default: our own environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
  /** The output is appended to this file. Default: only the last lines are kept, in memory. */
  readonly logFile?: string | undefined;
  /** The signals that stop() sends in turn before SIGKILL, each with the time to wait. */
  readonly stopSteps?: readonly StopStep[] | undefined;
};

export type ProcessExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type RunningProcess = {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  hasExited(): boolean;
  lastLines(count?: number): string;
  /** Sends the signals of `stopSteps`, then SIGKILL. May be called again, also after the process has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
};

const defaultStopSteps: readonly StopStep[] = [{ signal: 'SIGTERM', waitMs: 5_000 }];

/**
 * Starts a process that only we stop: it leads its own process group, so that Ctrl-C in a terminal reaches only us, and
 * it ends with us even when we are killed.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const output = outputTail(options.logFile);
  const child = await spawned(options, output).catch((error: unknown) => {
    output.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${options.name} could not be started (${options.command}): ${reason}`);
  });
  const pid = child.pid as number;
  const steps = options.stopSteps ?? defaultStopSteps;
  const callOffGuard = guardAgainstOrphans(pid, steps[0]?.signal ?? 'SIGTERM');

  let ended = child.exitCode !== null || child.signalCode !== null;
  const exited = exitOf(child).then((exit) => {
    ended = true;
    callOffGuard();
    // Stop what the leader left in its group, such as the compilers of a killed build. On Windows another process may
    // have the id by now.
    if (process.platform !== 'win32') signalProcessGroup(pid, 'SIGKILL');
    output.close();
    return exit;
  });

  const kill = async (): Promise<void> => {
    if (!ended) signalProcessGroup(pid, 'SIGKILL');
    await exited;
  };
  const escalate = async (): Promise<void> => {
    for (const step of steps) {
      if (ended) return;
      signalProcessGroup(pid, step.signal);
      if (await endsWithin(exited, step.waitMs)) return;
    }
    await kill();
  };
  let stopping: Promise<void> | undefined;
  return {
    pid,
    exited,
    hasExited: () => ended,
    lastLines: (count = 20) => output.lastLines(count),
    stop: () => {
      stopping ??= escalate();
      return stopping;
    },
    kill,
  };
}

async function spawned(options: ProcessOptions, output: OutputTail): Promise<ChildProcess> {
  const child = spawn(options.command, [...options.args], {
    stdio: ['ignore', output.stdio, output.stdio],
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // Node expects signed ids; macOS' `nobody` is -2, which `id` prints unsigned.
    ...(options.runAs === undefined
      ? {}
      : { uid: options.runAs.uid | 0, gid: options.runAs.gid | 0 }),
  });
  output.follow(child);
  await once(child, 'spawn');
  child.on('error', () => {});
  return child;
}

async function exitOf(child: ChildProcess): Promise<ProcessExit> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  // The last output may still be in the pipe, but do not wait for a grandchild that keeps it open.
  if (child.stdout?.closed === false) await endsWithin(once(child, 'close'), 250);
  return { code: child.exitCode, signal: child.signalCode };
}

async function endsWithin(event: Promise<unknown>, waitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, waitMs, false);
  });
  return await Promise.race([event.then(() => true), timeout]).finally(() => clearTimeout(timer));
}
