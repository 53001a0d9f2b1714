import { type Client, DatabaseError } from 'pg';
import { onFreePort } from '../ports/port-taken.ts';
import { postgresAccount } from './postgres-account.ts';
import { prepareCluster } from './postgres-cluster.ts';
import { withPostgresClient } from './postgres-connection.ts';
import { launchPostgres } from './postgres-launch.ts';
import { locatePostgresData } from './postgres-location.ts';
import { postgresPrograms } from './postgres-programs.ts';

export { removePostgresData } from './postgres-location.ts';

export type PostgresServerOptions = {
  /** Default: a free port. */
  readonly port?: number | undefined;
  readonly dataDirectory: string;
  readonly logFile?: string | undefined;
  /** Settings as in postgresql.conf, which override ours. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type PostgresServer = {
  /** URL of the database `postgres`, including the password. */
  readonly url: string;
  readonly port: number;
  /** The directory of the data, which as root may differ from the requested one. */
  readonly dataDirectory: string;
  pid(): number;
  /** Settles when the current server process has ended. */
  exited(): Promise<void>;
  /** Creates the database unless it exists, and returns its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  /** Simulates a crash: nothing is flushed, and the next start recovers. */
  kill(): Promise<void>;
  /** Stops the server if it runs, then starts it with the same data and port. */
  restart(): Promise<void>;
};

const databaseExists = '42P04';

export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { signal, logFile, settings = {} } = options;
  signal?.throwIfAborted();
  const account = await postgresAccount(options.dataDirectory);
  const programs = await postgresPrograms(account);
  const directory = await locatePostgresData(options.dataDirectory, account);
  const sync = settings.fsync !== 'off';
  const password = await prepareCluster({ directory, programs, account, signal, sync });

  const shared = { program: programs.postgres, directory, account, settings, logFile };
  return await onFreePort(options.port, async (port) => {
    const urlOf = (database: string): string =>
      `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    const url = urlOf('postgres');
    let server = await launchPostgres({ ...shared, port, url, signal });
    return {
      url,
      port,
      dataDirectory: directory,
      pid: () => server.pid,
      exited: () => server.exited.then(() => {}),
      async createDatabase(name) {
        await withPostgresClient(url, (client) => createUnlessExists(name, client));
        return urlOf(name);
      },
      stop: () => server.stop(),
      kill: () => server.kill(),
      async restart() {
        await server.stop();
        server = await launchPostgres({ ...shared, port, url, signal: undefined });
      },
    };
  });
}

async function createUnlessExists(name: string, client: Client): Promise<void> {
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === databaseExists)) throw error;
  }
}
