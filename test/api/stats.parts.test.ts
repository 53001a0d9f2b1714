import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type StoredLogin, storeLogins } from '../postgres/login-rows.ts';
import { apiInTest, type StartedApi, startedApi } from './started-api.ts';

const masked = (value: string) => createHash('sha256').update(value).digest('hex');
const TODAY = new Date().toISOString().slice(0, 10);

let api: StartedApi;

/** Eight users on Android, two on iOS; one device that three users share, in one household. */
const LOGINS: StoredLogin[] = Array.from({ length: 10 }, (_, index) => ({
  userId: `user-${index}`,
  deviceType: index < 8 ? 'android' : 'ios',
  maskedDeviceId: masked(`device-${index < 3 ? 'shared' : index}`),
  maskedIp: masked(`ip-${index < 5 ? 'household' : index}`),
}));

beforeAll(async () => {
  api = await startedApi();
  await storeLogins(api.database.pool, LOGINS);
  await storeLogins(api.database.pool, [
    { userId: 'yesterday', daysAgo: 1 },
    { userId: 'guess-1', maskedDeviceId: masked('guessed'), maskKeyId: 'sha256', daysAgo: 40 },
    { userId: 'guess-2', maskedDeviceId: masked('guessed'), maskKeyId: 'sha256', daysAgo: 40 },
  ]);
  await vi.waitFor(
    async () => {
      expect((await json('/v1/stats/days?by=device_type')).data).toHaveLength(3);
      expect((await json('/v1/sharing/ips')).data).toHaveLength(1);
      expect((await json('/v1/sharing/devices')).data).toHaveLength(1);
    },
    { timeout: 30_000, interval: 200 },
  );
});
afterAll(() => api?.stop());

// biome-ignore lint/suspicious/noExplicitAny: any JSON.
const json = async (path: string): Promise<any> => (await api.get(path)).json();

test('logins and users per day, without groups of few users', async () => {
  const { data, smallest_group, as_of } = await json('/v1/stats/days?by=device_type');
  expect(data.slice(1)).toEqual([
    { day: expect.any(String), withheld: true },
    { day: TODAY, logins: 10, users: 10, withheld: true, groups: [] },
  ]);
  expect(smallest_group).toBe(5);
  expect(Date.now() - Date.parse(as_of)).toBeLessThan(60_000);
  const all = await json(`/v1/stats/days?from=${TODAY}`);
  expect(all.data).toEqual([{ day: TODAY, logins: 10, users: 10, withheld: false }]);
});

test('the same query with a smaller limit gets its own answer from the same cache', async () => {
  const open = await apiInTest({ settings: { smallestGroup: 2 }, database: api.database });
  const answer = await open.get(`/v1/stats/days?by=device_type&from=${TODAY}`);
  expect(((await answer.json()) as { data: unknown }).data).toEqual([
    {
      ...{ day: TODAY, logins: 10, users: 10, withheld: false },
      groups: [
        { value: 'android', logins: 8, users: 8 },
        { value: 'ios', logins: 2, users: 2 },
      ],
    },
  ]);
});

test('distinct users, devices and addresses are rounded down', async () => {
  const { data } = await json(`/v1/stats/distinct?from=${TODAY}`);
  expect(data).toEqual({
    users: { value: 10, exact: true },
    devices: { value: 5, exact: true },
    ips: { value: 5, exact: true },
  });
  const few = await json('/v1/stats/distinct?from=2020-01-01&to=2020-01-02');
  expect(few.data).toEqual({ users: null, devices: null, ips: null });
});

test('an answer that the caller has is not sent again, and does not count', async () => {
  const limited = await apiInTest({ settings: { requestsPerMinute: 30 }, database: api.database });
  const path = `/v1/stats/days?to=${TODAY}`;
  // Until it is kept: each answer from the database says up to when it counts.
  const first = await vi.waitFor(async () => {
    const answer = await limited.get(path);
    expect(answer.headers.get('cache-status')).toContain('detail=memory');
    return answer;
  });
  const leftOf = ({ headers }: Response) =>
    Number(/r=(\d+);/.exec(headers.get('ratelimit') ?? '')?.[1]);
  const left = leftOf(first);
  const etag = first.headers.get('etag') as string;
  expect(first.headers.get('cache-control')).toBe('private, no-cache');
  expect(first.headers.get('cache-status')).toMatch(/^login-etl; /);
  await first.text();
  for (let time = 0; time < 5; time += 1) {
    const again = await limited.get(path, { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect(leftOf(again)).toBeGreaterThanOrEqual(left);
  }
  expect((await limited.get(path, { 'if-none-match': 'W/"other"' })).status).toBe(200);
});

test('shared devices and addresses, the most shared first; those masked without a key are left out', async () => {
  const devices = await json('/v1/sharing/devices');
  expect(devices.data).toEqual([
    {
      masked: masked('device-shared'),
      users: 3,
      logins: 3,
      first_day: TODAY,
      last_day: TODAY,
      hub: false,
    },
  ]);
  expect((await json('/v1/sharing/ips')).data).toMatchObject([
    { masked: masked('ip-household'), users: 5, devices: 3 },
  ]);
  expect((await json('/v1/sharing/ips?seen_since=2999-01-01')).data).toEqual([]);
  const open = await apiInTest({ settings: { guessableValues: true }, database: api.database });
  const all = (await (await open.get('/v1/sharing/devices?limit=1')).json()) as {
    data: { masked: string }[];
    next: string;
  };
  expect(all.data).toMatchObject([{ masked: masked('device-shared') }]);
  const rest = await open.get(`/v1/sharing/devices?limit=1&cursor=${all.next}`);
  expect(await rest.json()).toMatchObject({ data: [{ masked: masked('guessed') }], next: null });
});

test('the users and rows of a device', async () => {
  const path = `/v1/devices/${masked('device-shared')}`;
  const accounts = await json(`${path}/accounts`);
  expect(accounts).toMatchObject({
    accounts: { value: 3, at_least: false },
    hub: false,
    next: null,
  });
  expect(accounts.data).toHaveLength(3);
  const first = await json(`${path}/logins?limit=2`);
  const second = await json(`${path}/logins?limit=2&cursor=${first.next}`);
  expect([...first.data, ...second.data]).toHaveLength(3);
  expect((await json(`/v1/ips/${masked('ip-household')}/accounts`)).data).toHaveLength(5);
});

test.each([
  ['/v1/stats/days?by=user_id', 'by'],
  ['/v1/stats/days?from=2026-11-02&to=2026-11-01', 'to'],
  ['/v1/stats/days?limit=1', 'limit'],
  ['/v1/sharing/devices?limit=0', 'limit'],
  ['/v1/sharing/devices?limit=1e1x', 'limit'],
  ['/v1/devices/10.0.0.1/logins', 'masked'],
  [`/v1/devices/${'a'.repeat(64)}/logins?limit=501`, 'limit'],
])('%s is refused by the name of its field', async (path, field) => {
  const response = await api.get(path);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ field });
});
