import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeLogins } from '../postgres/login-rows.ts';
import { apiInTest, bearer, OTHER_TOKEN, type StartedApi, startedApi } from './started-api.ts';

const masked = (value: string) => createHash('sha256').update(value).digest('hex');
const dayBefore = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi();
  await storeLogins(
    api.database.pool,
    Array.from({ length: 30 }, (_, index) => ({
      userId: `user-${index % 3}`,
      deviceType: index % 2 ? 'ios' : 'android',
      maskedDeviceId: masked(`device-${index % 5}`),
      maskedIp: masked(`ip-${index % 4}`),
      daysAgo: index,
    })),
  );
  await storeLogins(api.database.pool, [
    { userId: 'user-0', daysAgo: 200 },
    { userId: 'adopted', maskedIp: masked('9.9.9.9'), maskKeyId: 'sha256' },
  ]);
});
afterAll(() => api?.stop());

type Page = {
  data: { user_id: string; create_date: string; message_id: string }[];
  window: { from: string; to: string };
  count?: { value: number; at_least: boolean };
  next: string | null;
};
const search = async (body: object): Promise<Page> =>
  (await (await api.post('/v1/logins/search', body)).json()) as Page;

test('finds rows by any combination of values, newest first', async () => {
  const all = await search({ limit: 100, count: true });
  expect(all.data).toHaveLength(31);
  expect(all.count).toEqual({ value: 31, at_least: false });
  expect(all.next).toBeNull();
  expect(all.window).toEqual({ from: dayBefore(89), to: dayBefore(0) });
  const days = all.data.map((row) => row.create_date);
  expect(days).toEqual(days.toSorted().toReversed());
  const some = await search({
    user: 'user-1',
    masked_device: masked('device-1'),
    masked_ip: masked('ip-1'),
    device_type: 'ios',
    app_version: '2.3.0',
    locale: 'de_DE',
  });
  expect(some.data).toHaveLength(1);
  expect((await search({ user: 'user-0', from: '2020-01-01' })).data).toHaveLength(11);
  expect((await search({ user: 'nobody', count: true })).count).toEqual({
    value: 0,
    at_least: false,
  });
});

test('pages reach every row of the window once', async () => {
  const seen: string[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; cursor !== null; page += 1) {
    expect(page).toBeLessThan(10);
    const found: Page = await search({ limit: 7, ...(cursor && { cursor }) });
    seen.push(...found.data.map((row) => row.message_id));
    cursor = found.next;
  }
  expect(seen).toHaveLength(31);
  expect(new Set(seen).size).toBe(31);
});

test('rows that were masked without a key are not found by masked value, unless a setting allows it', async () => {
  expect((await search({ masked_ip: masked('9.9.9.9') })).data).toEqual([]);
  const open = await apiInTest({ settings: { guessableValues: true }, database: api.database });
  const found = await open.post('/v1/logins/search', { masked_ip: masked('9.9.9.9') });
  expect(((await found.json()) as Page).data).toHaveLength(1);
});

test('masked values that anyone can compute are withheld, unless a setting allows them', async () => {
  const adopted = { user: 'adopted' };
  expect((await search(adopted)).data).toMatchObject([
    { masked_ip: null, masked_device_id: null, mask_key_id: 'sha256' },
  ]);
  expect((await search({ user: 'user-0' })).data).toMatchObject(
    Array.from({ length: 10 }, () => ({ masked_ip: expect.stringMatching(/^[0-9a-f]{64}$/) })),
  );
  const open = await apiInTest({ settings: { guessableValues: true }, database: api.database });
  const found = await open.post('/v1/logins/search', adopted);
  expect(((await found.json()) as Page).data).toMatchObject([{ masked_ip: masked('9.9.9.9') }]);
});

describe('a cursor', () => {
  const firstCursor = async () => (await search({ limit: 2, user: 'user-1' })).next as string;
  const problem = async (response: Response) => ({
    status: response.status,
    body: await response.json(),
  });
  const INVALID = {
    status: 400,
    body: expect.objectContaining({
      type: 'urn:login-etl:problem:invalid-cursor',
      field: 'cursor',
    }),
  };

  test('continues with another page size', async () => {
    const cursor = await firstCursor();
    expect((await search({ user: 'user-1', limit: 100, cursor })).data).toHaveLength(8);
  });

  test.each([
    ['of another query', { user: 'user-2' }],
    ['of a query with another window', { user: 'user-1', from: '2020-01-01' }],
    ['of the whole table', {}],
  ])('%s is refused', async (_what, body) => {
    const cursor = await firstCursor();
    expect(await problem(await api.post('/v1/logins/search', { ...body, cursor }))).toEqual(
      INVALID,
    );
  });

  test('of another caller, changed or made up is refused', async () => {
    const cursor = await firstCursor();
    const body = { user: 'user-1', cursor };
    const other = await api.post('/v1/logins/search', body, bearer(OTHER_TOKEN));
    expect(await problem(other)).toEqual(INVALID);
    const at = cursor.length >> 1;
    const swapped = cursor[at] === 'A' ? 'B' : 'A';
    for (const changed of [
      cursor.slice(0, at) + swapped + cursor.slice(at + 1),
      cursor.slice(1),
      'AAAA',
      Buffer.from('["2026-01-01","2026-01-01"]').toString('base64url'),
    ]) {
      const answer = await api.post('/v1/logins/search', { ...body, cursor: changed });
      expect(await problem(answer)).toEqual(INVALID);
    }
  });

  test('does not reveal the row that it points to', async () => {
    const { data } = await search({ limit: 2, user: 'user-1' });
    const opened = Buffer.from(await firstCursor(), 'base64url').toString('latin1');
    for (const { message_id, create_date } of data) {
      expect(opened).not.toContain(message_id);
      expect(opened).not.toContain(create_date);
    }
  });
});
