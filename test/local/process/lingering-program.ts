import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

const script = fileURLToPath(new URL('./start-and-linger.ts', import.meta.url));

/** Another process that has started something, to be killed without a chance to clean up. */
export async function lingeringProgram(
  ...args: string[]
): Promise<{ program: ChildProcess; startedPid: number }> {
  const program = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  const [firstLine] = await once(program.stdout.setEncoding('utf8'), 'data');
  return { program, startedPid: Number(firstLine) };
}
