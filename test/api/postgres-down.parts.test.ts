import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../faults/support/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { type StartedApi, startedApi } from './started-api.ts';

let database: TestDatabase;
let proxy: TcpProxy;
let api: StartedApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.urls.reader);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  api = await startedApi({ database, databaseUrl: url.href });
});
afterAll(async () => {
  await proxy?.stop();
  await api?.stop();
  await database?.remove();
});

test('while Postgres does not answer, every route returns 503 with Retry-After; afterwards it answers again', async () => {
  const ask = () => api.post('/v1/logins/search', { user: 'a' });
  expect((await ask()).status).toBe(200);
  proxy.setFault(() => false);
  const asked = performance.now();
  const [search, stats, lookup] = await Promise.all([
    api.post('/v1/logins/search', { user: 'b' }),
    api.get('/v1/stats/days'),
    api.post('/v1/exports', { reason: 'test' }),
  ]);
  expect(performance.now() - asked).toBeLessThan(15_000);
  for (const response of [search, stats, lookup]) {
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ type: 'urn:login-etl:problem:unavailable' });
  }
  expect((await api.get('/readyz')).status).toBe(503);
  expect((await api.get('/healthz')).status).toBe(200);
  proxy.setFault(() => true);
  await expect.poll(async () => (await ask()).status).toBe(200);
});
