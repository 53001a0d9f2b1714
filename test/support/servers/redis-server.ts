import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { makeTestDirectory } from '../test-directory.ts';

const PROGRAM = 'redis-server';

/** Installed by `apt-get install --no-install-recommends redis-server`, as in `.ci/run`. */
export function hasRedis(): boolean {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export type TestRedis = {
  url: string;
  /** Sends one command. */
  command(...words: string[]): Promise<unknown>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Everything that it has stored, as its file has it. */
  dump(): Promise<Buffer>;
  stop(): Promise<void>;
};

/** @param port of a server that was stopped, to start it again */
export async function startTestRedis(port?: number): Promise<TestRedis> {
  const directory = await makeTestDirectory('redis');
  const listenPort = port ?? (await freePort());
  const child = spawn(
    PROGRAM,
    [
      ...['--port', String(listenPort), '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--rdbcompression', 'no'],
    ],
    { stdio: 'ignore' },
  );
  const url = `redis://127.0.0.1:${listenPort}`;
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on('error', () => undefined);
  await client.connect();
  const command = (...words: string[]) => client.sendCommand(words);
  return {
    url,
    command,
    signal: (signal) => child.kill(signal),
    async dump() {
      await command('SAVE');
      return readFile(join(directory, 'dump.rdb'));
    },
    async stop() {
      client.destroy();
      child.kill('SIGCONT');
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
