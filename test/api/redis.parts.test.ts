import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { storeLogins } from '../postgres/login-rows.ts';
import { hasRedis, startTestRedis, type TestRedis } from '../support/servers/redis-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { REDIS_FAULTS, slowProxy } from './redis-faults.ts';
import { apiInTest, type StartedApi } from './started-api.ts';

const SECRET = 'a secret of more than thirty-two characters';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await storeLogins(database.pool, [
    { userId: 'anna' },
    { userId: 'ben', maskKeyId: 'sha256', maskedIp: 'guess' },
  ]);
});
afterAll(() => database?.remove());

const inTest = async (settings = {}, url?: string): Promise<StartedApi> =>
  apiInTest({ settings: { secret: SECRET, ...(url && { redisUrl: url }), ...settings }, database });

type Found = { status: number; source: string; users: string[]; ip: string | null | undefined };

async function search(api: StartedApi, body: object): Promise<Found> {
  const answer = await api.post('/v1/logins/search', body);
  const { data = [] } = (await answer.json()) as {
    data?: { user_id: string; masked_ip: string }[];
  };
  const source = answer.headers.get('cache-status') ?? '';
  return {
    ...{ status: answer.status, source, users: data.map(({ user_id }) => user_id) },
    ip: data[0]?.masked_ip,
  };
}

/** Until an answer of the one process is found by the other: a busy machine may miss the deadline for Redis. */
const share = (one: StartedApi, other: StartedApi) =>
  expect
    .poll(async () => {
      const body = { user: `shared-${Math.random()}` };
      await search(one, body);
      return (await search(other, body)).source;
    })
    .toContain('detail=redis');

describe.skipIf(!hasRedis())('with a Redis that processes share', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis?.stop());

  test('a process whose settings show less never gets the answer of one that shows more', async () => {
    const open = await inTest({ guessableValues: true, smallestGroup: 2 }, redis.url);
    const same = await inTest({ guessableValues: true, smallestGroup: 2 }, redis.url);
    const closed = await inTest({}, redis.url);
    await share(open, same);
    for (let each = 0; each < 5; each += 1) {
      expect((await search(open, { user: 'ben' })).ip).toBe('guess');
      expect(await search(closed, { user: 'ben' })).toMatchObject({ status: 200, ip: null });
    }
    for (const path of ['/v1/stats/days', '/v1/stats/distinct', '/v1/sharing/ips']) {
      await open.get(path);
      expect((await closed.get(path)).headers.get('cache-status')).toContain('fwd=miss');
    }
  });

  test.each(Object.entries(REDIS_FAULTS))(
    'when it %s, every answer is right and none is an error',
    async (_what, fault) => {
      const own = await startTestRedis();
      onTestFinished(() => own.stop());
      const proxy = await slowProxy(own.url);
      onTestFinished(proxy.stop);
      const [one, two] = [await inTest({}, proxy.url), await inTest({}, proxy.url)];
      await share(one, two);
      await search(one, { user: 'anna' });
      await fault(own, proxy);
      for (let each = 0; each < 12; each += 1) {
        for (const api of [one, two]) {
          expect(await search(api, { user: 'anna', limit: each + 1 })).toMatchObject({
            status: 200,
            users: ['anna'],
          });
        }
      }
      const many = await Promise.all(
        Array.from({ length: 40 }, (_, at) => search(one, { user: 'anna', limit: 100 + at })),
      );
      expect(many.every(({ status, users }) => status === 200 && users.length === 1)).toBe(true);
      expect((await one.get('/readyz')).status).toBe(200);
    },
  );
});
