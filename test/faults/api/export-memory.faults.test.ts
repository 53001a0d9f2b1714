import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bearer, TOKEN } from '../../api/started-api.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/cli/login-etl.mjs', import.meta.url));
const ROWS = 200_000;
const HEAP_MB = 80;
const FILE_MB = 100;
/** It starts with 190 MB. Heap, pages of rows and what waits to be collected take 100 MB more, whatever the number of rows. */
const MOST_MB = 350;

let database: TestDatabase;
let api: ChildProcess;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    insert into user_logins
    select 'user-' || n, case n % 20 when 0 then 'ios' else 'android' end, repeat('a', 256), repeat('b', 256), 'de', '1', now()::date, 'm-' || n, 'k', now(),
      now() - interval '1 minute', gen_random_uuid(), 1
    from generate_series(1, ${ROWS}) as n`);
  await database.pool.query('analyze user_logins');
  api = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, PROGRAM, 'api'], {
    env: {
      PATH: process.env.PATH,
      API_ADDRESS: '127.0.0.1:0',
      API_TOKENS: JSON.stringify([{ name: 'all', scopes: ['logins:export'], token: TOKEN }]),
      DATABASE_URL: database.urls.reader,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let logged = '';
  api.stderr?.on('data', (chunk: Buffer) => {
    logged += chunk;
  });
  await vi.waitFor(() => expect(logged).toContain('api is running'), { timeout: 60_000 });
  url = /"url":"(http:[^"]+)"/.exec(logged)?.[1] as string;
}, 120_000);
afterAll(async () => {
  if (api?.exitCode === null) {
    const ended = once(api, 'exit');
    api.kill('SIGKILL');
    await ended;
  }
  await database?.remove();
});

async function begin(format: string, filter = {}): Promise<string> {
  const answer = await fetch(`${url}/v1/exports`, {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'application/json' },
    body: JSON.stringify({ format, reason: 'test', ...filter }),
  });
  return ((await answer.json()) as { data: { url: string } }).data.url;
}

async function bytesOf(path: string): Promise<number> {
  const answer = await fetch(url + path, { headers: bearer() });
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return bytes;
}

/** The most memory that the process has had. */
async function peakMb(): Promise<number> {
  const status = await readFile(`/proc/${api.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1_024;
}

test.skipIf(process.platform !== 'linux')(
  'an export takes little memory, however many rows it has and however slowly it is read',
  async () => {
    for (const format of ['csv', 'parquet']) {
      await bytesOf(await begin(format, { device_type: 'ios' }));
    }
    expect(await bytesOf(await begin('csv'))).toBeGreaterThan(FILE_MB * 2 ** 20);
    const path = await begin('csv');
    const { hostname, port } = new URL(url);
    const reader = connect(Number(port), hostname);
    reader.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer().authorization}\r\n\r\n`,
    );
    await once(reader, 'readable');
    // It reads no more. If the service went on by itself, its memory would grow.
    let [known, same] = [0, 0];
    await expect
      .poll(
        async () => {
          const now = await peakMb();
          same = now === known ? same + 1 : 0;
          known = now;
          return same;
        },
        { interval: 200, timeout: 20_000 },
      )
      .toBeGreaterThan(5);
    reader.destroy();
    expect(api.exitCode).toBeNull();
    expect(await peakMb()).toBeLessThan(MOST_MB);
  },
  300_000,
);
