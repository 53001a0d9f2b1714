import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { withNewKey } from '../../src/crypto/keys/add-key.ts';
import { UsedPayloadKeys } from '../../src/crypto/payloads/used-payload-keys.ts';
import { observingPool } from '../../src/telemetry/observe-worker.ts';
import { startHeartbeat } from '../../src/telemetry/worker-heartbeat.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

/** Two keyring files, and the heartbeat of a worker that has read them. */
async function beat() {
  const directory = await makeTestDirectory('heartbeat');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const paths = { masking: join(directory, 'masking'), payload: join(directory, 'payload') };
  const write = (use: 'masking' | 'payload', id: string) =>
    writeFile(paths[use], withNewKey({}, use, id));
  await write('masking', 'first');
  await write('payload', 'first');
  const config = loadConfig(['postgres', 'masking', 'payloads'], {
    DATABASE_URL: database.urls.worker,
    MASKING_KEYS_FILE: paths.masking,
    PAYLOAD_KEYS_FILE: paths.payload,
  });
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { base: null },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const pool = observingPool(config.postgres);
  const usedKeys = new UsedPayloadKeys(config.payloads.keys);
  const start = async () => {
    const heartbeat = await startHeartbeat(config, { pool, usedKeys, build: 'test', logger });
    onTestFinished(() => heartbeat.stop());
  };
  onTestFinished(() => pool.end());
  return { start, pool, lines, write };
}

test('a worker reports that it is alive while every sample waits for the database', async () => {
  const { start, pool, lines } = await beat();
  // As many as there are sources that ask Postgres, and the check of readiness.
  const samples = Promise.allSettled(
    Array.from({ length: 4 }, () => pool.query('select pg_sleep(4)')),
  );
  await start();
  expect(lines).toEqual([]);
  const { rows } = await database.pool.query('select build from workers');
  expect(rows).toEqual([{ build: 'test' }]);
  await samples;
});

test('a keyring whose file has another active key is named once, and is used after a restart', async () => {
  const { start, lines, write } = await beat();
  await start();
  await write('masking', 'second');
  await expect
    .poll(() => lines, { timeout: 15_000 })
    .toMatchObject([{ file: 'MASKING_KEYS_FILE', active: 'first', activeInFile: 'second' }]);
  await write('payload', 'second');
  await expect
    .poll(() => lines.map(({ file }) => file), { timeout: 15_000 })
    .toEqual(['MASKING_KEYS_FILE', 'PAYLOAD_KEYS_FILE']);
});
