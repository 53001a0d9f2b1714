import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { removePostgresData } from '../../src/local/postgres/postgres-server.ts';
import { expectGone, familyOf } from './process/living-processes.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const START = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));

const STOPS_WITHIN_MS = 10_000;

export type NpmStart = {
  pid: number;
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** Resolves when the output has the text; rejects when it ends without. */
  says(text: string): Promise<void>;
};

/** What `npm start` runs, with its state in a directory of its own. */
export function npmStart(directory: string, ...args: string[]): NpmStart {
  const child = spawn(process.execPath, [START, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      child.emit('said');
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    pid: child.pid as number,
    output: () => output,
    kill: (signal) => child.kill(signal),
    ended,
    async says(text) {
      while (!output.includes(text)) {
        const end = await Promise.race([once(child, 'said').then(() => undefined), ended]);
        if (end !== undefined && !output.includes(text)) {
          throw new Error(`it ended (${end}) before it said "${text}":\n${output}`);
        }
      }
    },
  };
}

export async function emptyDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  onTestFinished(() => removePostgresData(join(directory, '.local', 'postgres')));
  return directory;
}

/** It ends within ten seconds, and leaves none of its processes behind. */
export async function expectStops(
  { pid, kill, ended }: NpmStart,
  signal: NodeJS.Signals,
): Promise<void> {
  const family = await familyOf(pid);
  const asked = performance.now();
  kill(signal);
  await ended;
  expect(performance.now() - asked).toBeLessThan(STOPS_WITHIN_MS);
  await expectGone(family);
}
