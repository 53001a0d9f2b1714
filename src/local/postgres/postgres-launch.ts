import { setTimeout as sleep } from 'node:timers/promises';

import { DatabaseError } from 'pg';

import { type RunningProcess, startProcess } from '../process/child-process.ts';
import { untilReady } from '../process/server-readiness.ts';
import type { PostgresAccount } from './postgres-account.ts';
import { postgresEnvironment } from './postgres-cluster.ts';
import { withPostgresClient } from './postgres-connection.ts';
import { settlePreviousServer } from './postgres-previous.ts';

type LaunchOptions = {
  readonly program: string;
  readonly directory: string;
  readonly account: PostgresAccount | undefined;
  readonly port: number;
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string | undefined;
  readonly signal: AbortSignal | undefined;
};

const name = 'PostgreSQL';
// After a crash the server first replays its log.
const readyTimeoutMs = 60_000;
const leftoversTimeoutMs = 10_000;
const wrongPassword = '28P01';

const defaultSettings = {
  listen_addresses: '127.0.0.1',
  // Only TCP is used; the account might be unable to write to a socket directory.
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
};

/** Starts the server on a prepared data directory and waits until it accepts connections. */
export async function launchPostgres(options: LaunchOptions): Promise<RunningProcess> {
  await settlePreviousServer(options.directory, options.signal);
  const deadline = Date.now() + leftoversTimeoutMs;
  for (;;) {
    try {
      return await launchOnce(options);
    } catch (error) {
      // The child processes of a killed server need a moment to end.
      const leftovers = /pre-existing shared memory block/.test(String(error));
      if (!leftovers || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function launchOnce(options: LaunchOptions): Promise<RunningProcess> {
  const { directory, port, signal } = options;
  signal?.throwIfAborted();
  const settings = Object.entries({ ...defaultSettings, ...options.settings });
  const server = await startProcess({
    name,
    command: options.program,
    args: [
      ...['-D', directory, '-p', String(port)],
      ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: postgresEnvironment(),
    cwd: directory,
    runAs: options.account,
    logFile: options.logFile,
    // A fast shutdown, then an immediate one, which still ends the server's child processes.
    stopSteps: [
      { signal: 'SIGINT', waitMs: 5_000 },
      { signal: 'SIGQUIT', waitMs: 2_000 },
    ],
  });
  await untilReady({
    name,
    server,
    timeoutMs: readyTimeoutMs,
    signal,
    probe: () =>
      withPostgresClient(options.url, async (client) => void (await client.query('select 1'))),
    isFinal: (error) => error instanceof DatabaseError && error.code === wrongPassword,
  });
  return server;
}
