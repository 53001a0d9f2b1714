import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { programEnvironment } from '../support/program-environment.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export type CommandResult = { exitCode: number | null; stdout: string; stderr: string };

type Options = { stdin?: string; cwd?: string };

export type RunningCommand = {
  result: Promise<CommandResult>;
  /** Resolves when its standard error contains this. */
  said(words: string): Promise<void>;
  /** Resolves when its standard output matches. */
  printed(pattern: RegExp): Promise<void>;
  interrupt(): void;
  kill(): void;
};

/** Runs the command line as a process, with only this environment. */
export async function loginEtl(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  options: Options = {},
): Promise<CommandResult> {
  return startLoginEtl(env, args, options).result;
}

/** Starts the command line without waiting for it. */
export function startLoginEtl(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  { stdin = '', cwd }: Options = {},
): RunningCommand {
  const child = spawn(process.execPath, ['--', MAIN, ...args], {
    env: { ...programEnvironment(), NO_COLOR: '1', AWS_EC2_METADATA_DISABLED: 'true', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  });
  // A command that does not read its input may have ended before all of it is written.
  child.stdin.on('error', () => undefined).end(stdin);
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const result = Promise.all([exited, text(child.stdout), text(child.stderr)]).then(
    ([exitCode, stdout, stderr]) => ({ exitCode, stdout, stderr }),
  );
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      heard[name] += chunk.toString();
    });
  }
  async function until(isThere: () => boolean, what: string): Promise<void> {
    while (!isThere()) {
      if (child.exitCode !== null) {
        throw new Error(`it ended without saying "${what}": ${heard.stdout}${heard.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    result,
    said: (words) => until(() => heard.stderr.includes(words), words),
    printed: (pattern) => until(() => pattern.test(heard.stdout), pattern.source),
    interrupt: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
  };
}

/** For commands with --json. */
export function jsonOf<T>({ stdout }: CommandResult): T {
  return JSON.parse(stdout) as T;
}
