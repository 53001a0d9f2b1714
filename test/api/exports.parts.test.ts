import { randomUUID } from 'node:crypto';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeLogins } from '../postgres/login-rows.ts';
import { apiInTest, bearer, OTHER_TOKEN, type StartedApi, startedApi } from './started-api.ts';

const ROWS = 4_500;
const masked = (number: number) => number.toString(16).padStart(64, '0');

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi({ settings: { exportMaxRows: ROWS } });
  await storeLogins(api.database.pool, [
    { userId: '=1+1', locale: null },
    { userId: 'x;=1+1', appVersion: '@SUM(1)', deviceType: '-1', maskKeyId: 'sha256' },
  ]);
  await api.database.pool.query(
    `insert into user_logins
     select 'user-' || i % 7, 'android', lpad(to_hex(i % 50), 64, '0'), lpad(to_hex(i % 90), 64, '0'), 'de', '2.3.0',
       (now() at time zone 'utc')::date - i % 20, gen_random_uuid()::text, 'key-1', now(), now(), gen_random_uuid(), 1
     from generate_series(1, ${ROWS - 2}) i`,
  );
});
afterAll(() => api?.stop());

type Begun = { data: { id: string; url: string; rows: number; format: string } };

const begin = (body: object = {}, headers: Record<string, string> = {}) =>
  api.post('/v1/exports', { reason: 'case 12', ...body }, headers);
const begun = async (body?: object): Promise<Begun['data']> =>
  ((await (await begin(body)).json()) as Begun).data;
const records = async () =>
  (
    await api.database.pool.query(
      `select reason, detail from audit_log where action = 'export' order by id desc`,
    )
  ).rows;

test('a CSV file has every row once, and no formulas', async () => {
  const { url, rows } = await begun();
  expect(rows).toBe(ROWS);
  const response = await api.get(url);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; filename="logins-.*csv"$/,
  );
  expect(response.headers.get('cache-control')).toBe('no-store');
  const [header, ...lines] = (await response.text()).trimEnd().split('\n');
  expect(header).toBe(
    'user_id,device_type,masked_ip,masked_device_id,locale,app_version,create_date,sent_at,message_id,mask_key_id',
  );
  expect(lines).toHaveLength(ROWS);
  expect(new Set(lines.map((line) => line.split(',')[8])).size).toBe(ROWS);
  expect(lines.some((line) => line.startsWith("'=1+1,"))).toBe(true);
  // Where a comma is for decimals, spreadsheets split at semicolons. Values that were masked without a key are withheld.
  expect(lines.some((line) => line.startsWith(`"x;=1+1",'-1,,,de_DE,'@SUM(1),`))).toBe(true);
});

test('a Parquet file has the same rows, with days and times of their own types', async () => {
  const { url } = await begun({ format: 'parquet' });
  const bytes = await (await api.get(url)).arrayBuffer();
  const rows = await parquetReadObjects({ file: bytes });
  expect(rows).toHaveLength(ROWS);
  expect(rows.find((row) => row.user_id === '=1+1')).toMatchObject({
    locale: null,
    create_date: new Date(new Date().toISOString().slice(0, 10)),
    sent_at: expect.any(Date),
  });
});

test('an export has the rows that matched its filter when it began', async () => {
  const { url, rows } = await begun({ user: 'user-1', masked_ip: masked(1) });
  await storeLogins(api.database.pool, [{ userId: 'user-1', maskedIp: masked(1) }]);
  const lines = (await (await api.get(url)).text()).trimEnd().split('\n');
  expect(lines).toHaveLength(rows + 1);
  expect(rows).toBeGreaterThan(0);
  await api.database.pool.query(
    `delete from user_logins where masked_device_id = 'device-0' and user_id = 'user-1'`,
  );
});

test('a repeated request with the same key gets the same export; another one with it is refused', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const first = (await (await begin({ user: 'user-1' }, headers)).json()) as Begun;
  const again = (await (await begin({ user: 'user-1' }, headers)).json()) as Begun;
  expect(again).toEqual(first);
  const other = await begin({ user: 'user-2' }, headers);
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ type: 'urn:login-etl:problem:idempotency-conflict' });
  const another = (await (
    await begin({ user: 'user-2' }, { ...headers, ...bearer(OTHER_TOKEN) })
  ).json()) as Begun;
  expect(another.data.id).not.toBe(first.data.id);
});

test('beginning and downloading are on record before the file, without the values of its filter', async () => {
  const before = (await records()).length;
  const { id, url } = await begun({ user: 'user-3' });
  await (await api.get(url)).text();
  const made = (await records()).slice(0, -before || undefined);
  expect(made).toMatchObject([
    {
      reason: 'case 12',
      detail: { caller: 'all', authenticated_by: 'token', id, downloaded: true },
    },
    { reason: 'case 12', detail: { caller: 'all', id, format: 'csv' } },
  ]);
  expect(JSON.stringify(made)).not.toContain('user-3');
  const stored = await api.database.pool.query(
    'select sealed_query from api_exports where id = $1',
    [id],
  );
  expect(stored.rows[0].sealed_query.toString('latin1')).not.toContain('user-3');
});

test('HEAD tells the type of a file, and neither reads nor records it', async () => {
  const { url } = await begun();
  const before = (await records()).length;
  const response = await fetch(`${api.url}${url}`, { method: 'HEAD', headers: bearer() });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-length')).toBeNull();
  expect((await records()).length).toBe(before);
  expect((await api.get(url, { accept: 'application/json' })).status).toBe(406);
});

test('a download that the client breaks off leaves room for others', async () => {
  const { url } = await begun();
  for (let each = 0; each < 3; each += 1) {
    const stopping = new AbortController();
    const headers = bearer();
    const response = await fetch(`${api.url}${url}`, { headers, signal: stopping.signal });
    if (response.status === 200) await response.body?.getReader().read();
    stopping.abort();
  }
  await expect.poll(async () => (await api.get(url)).status).toBe(200);
});

test('another caller, or a service with another secret, cannot download the export', async () => {
  const { url } = await begun();
  expect((await api.get(url, bearer(OTHER_TOKEN))).status).toBe(404);
  const other = await apiInTest({ database: api.database });
  expect((await other.get(url)).status).toBe(404);
  expect((await api.get(`/v1/exports/${randomUUID()}`)).status).toBe(404);
  expect((await api.get('/v1/exports/1')).status).toBe(400);
});

test('a range with too many rows is refused before anything is recorded', async () => {
  await storeLogins(api.database.pool, [{ userId: 'one-too-many' }]);
  const before = (await records()).length;
  const response = await begin();
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ type: 'urn:login-etl:problem:too-many-rows' });
  expect((await records()).length).toBe(before);
  await api.database.pool.query(`delete from user_logins where user_id = 'one-too-many'`);
});

test.each([
  ['no reason', { reason: undefined }, 'reason'],
  ['a blank reason', { reason: ' ' }, 'reason'],
  ['another format', { format: 'xlsx' }, 'format'],
  ['an unknown field', { limit: 1 }, 'limit'],
])('%s is refused', async (_what, body, field) => {
  const response = await begin(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ field });
});

test('there is no file if the audit record is refused', async () => {
  const { url } = await begun();
  await api.database.pool.query(
    'alter table audit_log add constraint full_now check (id < 0) not valid',
  );
  try {
    expect((await begin()).status).toBeGreaterThanOrEqual(500);
    const refused = await api.get(url);
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(await refused.text()).not.toContain('user-1');
  } finally {
    await api.database.pool.query('alter table audit_log drop constraint full_now');
  }
});

test('while two are downloaded, a third waits', async () => {
  const { url } = await begun();
  const open = await Promise.all([api.get(url), api.get(url)]);
  const third = await api.get(url);
  if (third.status === 429) expect(third.headers.get('retry-after')).toBe('10');
  await Promise.all(open.map((response) => response.text()));
  await third.text();
  await expect.poll(async () => (await api.get(url)).status).toBe(200);
});
