import { readFileSync } from 'node:fs';
import { isUnderNpm } from './config/process-environment.ts';

/**
 * What asks a long-running program to finish its work and end. SIGHUP is one of them: Node restores its default action,
 * so that even under nohup a closed terminal would end the program in the middle of a step.
 */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number];

const NPM_CHECK_MS = 1_000;

/** Also calls `stop` when the npm that started the program has ended, unless a signal came first. */
export function onStopSignal(stop: (signal: StopSignal) => void): void {
  let stopping = false;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      stopping = true;
      stop(signal);
    });
  }
  whenNpmIsGone(() => {
    if (!stopping) stop('SIGTERM');
  });
}

/** Resolves when the program is to end. */
export const untilStopSignal = (): Promise<void> =>
  new Promise((resolve) => onStopSignal(() => resolve()));

/**
 * Watches the npm or npx that started this program, if one did: it passes on SIGTERM and SIGINT, while SIGHUP, SIGQUIT and
 * SIGKILL end npm alone.
 */
export function whenNpmIsGone(then: () => void): void {
  if (!isUnderNpm()) return;
  const npm = npmPid();
  const timer = setInterval(() => {
    if (npmPid() === npm) return;
    clearInterval(timer);
    then();
  }, NPM_CHECK_MS);
  timer.unref();
}

const SHELL = /^\d+ \((?:ba|da)?sh\) \S (\d+)/;

/** The parent, or on Linux the parent of a shell in between, where npx's shell waits for the program. */
function npmPid(): number {
  const parent = process.ppid;
  try {
    return Number(SHELL.exec(readFileSync(`/proc/${parent}/stat`, 'utf8'))?.[1] ?? parent);
  } catch {
    return parent;
  }
}
