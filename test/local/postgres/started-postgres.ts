import { join } from 'node:path';

import { Client } from 'pg';
import { onTestFinished } from 'vitest';

import {
  type PostgresServerOptions,
  startPostgresServer,
} from '../../../src/local/postgres/postgres-server.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** Killed when the test is over. */
export async function startedPostgres(
  dataDirectory: string,
  more: Partial<PostgresServerOptions> = {},
) {
  const server = await startPostgresServer({ dataDirectory, settings: { fsync: 'off' }, ...more });
  onTestFinished(() => server.kill());
  return server;
}

export async function freshDirectory(): Promise<string> {
  return join(await temporaryDirectory(), 'postgres');
}

export async function valuesOf(url: string, query: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}
