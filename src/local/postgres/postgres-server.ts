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
  /** Left out: a free one. */
  readonly port?: number | undefined;
  readonly dataDirectory: string;
  readonly logFile?: string | undefined;
  /** Settings as in postgresql.conf; they win over ours. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type PostgresServer = {
  /** Of the database `postgres`, with the password in it. */
  readonly url: string;
  readonly port: number;
  /** Where the data really is: not always the directory asked for when run as root. */
  readonly dataDirectory: string;
  pid(): number;
  /** Settles when the server that runs now has ended, for whatever reason. */
  exited(): Promise<void>;
  /** Makes the database unless it exists, and returns its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  /** As a crash would: nothing is flushed, the next start recovers. */
  kill(): Promise<void>;
  /** Again on the same data and port, from whatever state it is in. */
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
