import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeys, type KeyFiles } from '../../src/crypto/keys/generate-keys.ts';
import { findTemporalBinary } from '../../src/local/temporal/temporal-binary.ts';
import { bundleWorkflows } from '../../src/temporal/worker/bundle-workflows.ts';
import { createTemplate } from './servers/new-database.ts';
import { startTestPostgres } from './servers/test-postgres.ts';
import { makeTestDirectory } from './test-directory.ts';
import type { UndoList } from './undo-list.ts';

/** Parts that take seconds to start or make, shared by all test files of a run. */
export type SharedParts = {
  temporalBinary: string;
  /** A Postgres server in which each file creates its own databases. */
  postgresUrl: string;
  /** A migrated database in that server, to copy. */
  databaseTemplate: string;
  workflowBundlePath: string;
  /** New keys, in the files that `login-etl keys generate` writes. */
  keys: KeyFiles;
};

export async function startSharedParts(undo: UndoList): Promise<SharedParts> {
  const directory = await makeTestDirectory('run');
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const [temporalBinary, postgres, workflowBundlePath, keys] = await Promise.all([
    findTemporalBinary({
      env: process.env,
      onProgress: (message) => process.stderr.write(`${message}\n`),
    }),
    startPostgres(undo),
    writeBundle(join(directory, 'workflows.js')),
    generateKeys('test'),
  ]);
  return { temporalBinary, ...postgres, workflowBundlePath, keys };
}

/** TEST_POSTGRES_URL names a running server to use, as its superuser: CI tests the supported versions so. */
async function startPostgres(undo: UndoList) {
  const { TEST_POSTGRES_URL: url } = process.env;
  if (url) return { postgresUrl: url, databaseTemplate: await createTemplate(url) };
  const { server, remove } = await startTestPostgres();
  undo.push(remove);
  return { postgresUrl: server.url, databaseTemplate: await createTemplate(server.url) };
}

async function writeBundle(path: string): Promise<string> {
  const { code } = await bundleWorkflows();
  await writeFile(path, code);
  return path;
}
