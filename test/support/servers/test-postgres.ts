import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type PostgresServer,
  removePostgresData,
  startPostgresServer,
} from '../../../src/local/postgres/postgres-server.ts';
import { makeTestDirectory } from '../test-directory.ts';

/** Test data need not survive a power cut. */
export const TEST_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
};

export type TestPostgres = {
  server: PostgresServer;
  logFile: string;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
};

export async function startTestPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPostgres> {
  const directory = await makeTestDirectory('postgres');
  const dataDirectory = join(directory, 'data');
  const logFile = join(directory, 'postgres.log');
  const removeFiles = async () => {
    await removePostgresData(dataDirectory);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const server = await startPostgresServer({
      dataDirectory,
      logFile,
      settings: { ...TEST_SETTINGS, ...settings },
    });
    const remove = async () => {
      await server.stop();
      await removeFiles();
    };
    return { server, logFile, remove };
  } catch (error) {
    await removeFiles();
    throw error;
  }
}
