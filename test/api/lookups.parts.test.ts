import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { maskersById } from '../../src/crypto/keys/masker.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { storeLogins } from '../postgres/login-rows.ts';
import { apiInTest, bearer, OTHER_TOKEN, type StartedApi, startedApi } from './started-api.ts';

const IP = '203.0.113.77';
const keys = testKeyring('new', 'old');
const maskers = maskersById(keys);
const masked = (id: string, ip = IP) => maskers.get(id)?.mask('ip', ip) as string;

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi({
    masking: { mode: 'hmac-sha256', keys },
    settings: { lookupValuesPerDay: 3 },
  });
  await storeLogins(api.database.pool, [
    { maskedIp: masked('new'), maskKeyId: 'new' },
    { maskedIp: masked('old'), maskKeyId: 'old', daysAgo: 100 },
    { maskedIp: 'x', maskKeyId: 'gone', daysAgo: 200 },
  ]);
  await vi.waitFor(
    async () => {
      const { rowCount } = await api.database.pool.query(
        `select from login_days where value = 'gone'`,
      );
      expect(rowCount).toBe(1);
    },
    { timeout: 30_000, interval: 200 },
  );
});
afterAll(() => api?.stop());

const lookup = (body: object = {}, headers = {}, on = api) =>
  on.post('/v1/lookups', { field: 'ip', value: IP, reason: 'case 12', ...body }, headers);
const records = async () =>
  (
    await api.database.pool.query(
      `select reason, detail from audit_log where action = 'lookup' order by id desc`,
    )
  ).rows;

test('masks the value with every key, says where it was seen, and which keys were not searched', async () => {
  const response = await lookup({ value: ` ${IP}`.trim() });
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({
    data: {
      field: 'ip',
      searched: [
        { mask_key_id: 'new', masked: masked('new'), logins: { value: 1, at_least: false } },
        { mask_key_id: 'old', masked: masked('old'), logins: { value: 1, at_least: false } },
      ],
      not_searched: ['gone'],
    },
  });
  expect((await records())[0]).toEqual({
    reason: 'case 12',
    detail: {
      caller: 'all',
      authenticated_by: 'token',
      field: 'ip',
      maskedValues: [masked('new'), masked('old')],
      maskKeyIds: ['new', 'old'],
      answered: true,
    },
  });
  expect(api.log()).not.toContain(IP);
});

test('an address is looked up in the form in which it is masked', async () => {
  const { data } = (await (await lookup({ value: `::ffff:${IP}` })).json()) as {
    data: { searched: { logins: { value: number } }[] };
  };
  expect(data.searched[0]?.logins.value).toBe(1);
});

test('there is no answer if the audit record is refused', async () => {
  await api.database.pool.query(
    'alter table audit_log add constraint full_now check (id < 0) not valid',
  );
  try {
    const response = await lookup();
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(await response.text()).not.toContain(masked('new'));
  } finally {
    await api.database.pool.query('alter table audit_log drop constraint full_now');
  }
});

test.each([
  ['no address', { value: '999.1.1.1' }, 'value'],
  ['an empty value', { value: '' }, 'value'],
  ['another field', { field: 'user_id' }, 'field'],
  ['no reason', { reason: undefined }, 'reason'],
  ['a blank reason', { reason: '\t' }, 'reason'],
])('%s is refused, and the answer does not repeat it', async (_what, body, field) => {
  const before = (await records()).length;
  const response = await lookup(body);
  expect(response.status).toBe(400);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ field });
  expect(text).not.toContain('999.1.1.1');
  expect((await records()).length).toBe(before);
});

test('a caller may look up a limited number of different values a day, also across restarts; known values do not count', async () => {
  const ask = (value: string, on = api) =>
    lookup({ value }, bearer(OTHER_TOKEN), on).then(({ status }) => status);
  for (const value of ['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.3']) {
    expect(await ask(value)).toBe(200);
  }
  const refused = await lookup({ value: '10.0.0.4' }, bearer(OTHER_TOKEN));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ type: 'urn:login-etl:problem:lookup-budget-spent' });
  expect((await records())[0].detail).toMatchObject({ caller: 'other', answered: false });
  const restarted = await apiInTest({
    masking: { mode: 'hmac-sha256', keys },
    settings: { lookupValuesPerDay: 3 },
    database: api.database,
  });
  expect(await ask('10.0.0.5', restarted)).toBe(429);
  expect(await ask('10.0.0.2', restarted)).toBe(200);
  expect((await lookup()).status).toBe(200);
});

test('a caller may look up a limited number of values a minute', async () => {
  const limited = await apiInTest({
    masking: { mode: 'hmac-sha256', keys },
    settings: { lookupsPerMinute: 1 },
    database: api.database,
  });
  expect((await lookup({}, {}, limited)).status).toBe(200);
  const refused = await lookup({}, {}, limited);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('60');
});

test('an instance without masking keys has no lookup route', async () => {
  const without = await apiInTest({ database: api.database });
  const response = await lookup({}, {}, without);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ type: 'urn:login-etl:problem:not-available' });
});

test('where values are masked without a key, nothing is answered by masked value', async () => {
  const guessable = await apiInTest({ masking: { mode: 'sha256' }, database: api.database });
  for (const path of [`/v1/ips/${masked('new')}/logins`, `/v1/devices/${masked('new')}/accounts`]) {
    const response = await guessable.get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: 'urn:login-etl:problem:not-available' });
  }
  const found = await guessable.post('/v1/logins/search', { masked_ip: masked('new') });
  expect(found.status).toBe(404);
});
