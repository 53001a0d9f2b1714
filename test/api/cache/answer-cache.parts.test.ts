import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { answerCache, type Question } from '../../../src/api/cache/answer-cache.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { searchLogins } from '../../../src/postgres/reads/search-logins.ts';
import { storeLogins } from '../../postgres/login-rows.ts';
import { hasRedis, startTestRedis, type TestRedis } from '../../support/servers/redis-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const INSTALLED = hasRedis();
if (!INSTALLED) {
  process.stderr.write('SKIPPED: redis-server is not installed: apt-get install redis-server\n');
}

const SECRET = 'a secret of more than thirty-two characters';
const WINDOW = { from: '2000-01-01', to: '2100-01-01' };

let database: TestDatabase;
let reader: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  reader = postgresPool({ connectionString: database.urls.reader }, { applicationName: 'test' });
  await storeLogins(database.pool, [
    { userId: 'anna', maskedDeviceId: 'feedface'.repeat(8) },
    { userId: 'ben' },
  ]);
});
afterAll(async () => {
  await reader?.end();
  await database?.remove();
});

/** A process of the service: `search` counts what it asks Postgres. */
async function startCache(redis?: TestRedis, pool = reader) {
  const sources: string[] = [];
  const cache = answerCache({
    ...{ pool, secret: SECRET, redisUrl: redis?.url },
    onAnswer: (from) => sources.push(from),
  });
  onTestFinished(() => cache.stop());
  await expect.poll(() => cache.isCurrent()).toBe(true);
  let reads = 0;
  const search = async (
    user: string,
    view: object = { scopes: ['logins:read'] },
    body?: string,
  ) => {
    const question: Question = {
      route: 'search',
      view,
      query: { user },
      about: { ...WINDOW, user },
    };
    const started = performance.now();
    const { from, ...answer } = await cache.answer(question, async (client) => {
      reads += 1;
      const rows = await searchLogins(client, { ...WINDOW, user }, { limit: 10 });
      return { body: body ?? JSON.stringify({ data: rows }) };
    });
    return { from, body: answer.body.toString(), ms: performance.now() - started };
  };
  return { cache, search, sources, reads: () => reads };
}

const namesIn = (body: string): string[] =>
  JSON.parse(body).data.map(({ user_id }: { user_id: string }) => user_id);

describe('in memory alone', () => {
  test('an answer is kept, as is an empty one, until something changes that it is about', async () => {
    const { search } = await startCache();
    for (const user of ['anna', 'nobody']) {
      expect((await search(user)).from).toBe('database');
      await expect.poll(async () => (await search(user)).from).toBe('memory');
    }
    await storeLogins(database.pool, [{ userId: 'nobody' }]);
    await expect
      .poll(async () => namesIn((await search('nobody')).body), { timeout: 2_000 })
      .toEqual(['nobody']);
    expect((await search('anna')).from).toBe('memory');
    await database.pool.query(`delete from user_logins where user_id = 'nobody'`);
    await expect
      .poll(async () => namesIn((await search('nobody')).body), { timeout: 2_000 })
      .toEqual([]);
  });

  test('500 callers with the same query cause one statement, and a failure is not kept', async () => {
    const { search, reads, cache } = await startCache();
    await Promise.all(Array.from({ length: 500 }, () => search('anna')));
    expect(reads()).toBe(1);
    const failing = (): Promise<unknown> =>
      cache.answer({ route: 'other', view: {}, query: {}, about: { ...WINDOW } }, () =>
        Promise.reject(new Error('no')),
      );
    await expect(failing()).rejects.toThrow('no');
    await expect(failing()).rejects.toThrow('no');
  });

  test('a caller with another view does not get the answer', async () => {
    const { search } = await startCache();
    await search('anna', { scopes: ['logins:read'], k: 5 }, '{"for":"one"}');
    const other = await search('anna', { scopes: ['logins:read'], k: 6 }, '{"for":"other"}');
    expect(other).toMatchObject({ from: 'database', body: '{"for":"other"}' });
  });

  test('while changes cannot be followed, every answer comes from the database', async () => {
    const { search, cache } = await startCache();
    await search('anna');
    await database.pool.query('revoke select on login_changes from login_etl_reader');
    try {
      await expect.poll(() => cache.isCurrent(), { timeout: 5_000 }).toBe(false);
      expect((await search('anna')).from).toBe('bypass');
      await database.pool.query(`update user_logins set locale = 'xx' where user_id = 'anna'`);
      expect((await search('anna')).body).toContain('"locale":"xx"');
    } finally {
      await database.pool.query('grant select on login_changes to login_etl_reader');
    }
    await expect.poll(() => cache.isCurrent()).toBe(true);
    expect((await search('anna')).body).toContain('"locale":"xx"');
  });

  test('an erasure removes what is kept', async () => {
    const { search } = await startCache();
    await search('anna');
    await database.pool.query(
      `insert into erased_values values ('\\x02', now()) on conflict (value_hash) do nothing`,
    );
    await expect.poll(async () => (await search('anna')).from, { timeout: 2_000 }).toBe('database');
  });
});

describe.skipIf(!INSTALLED)('with Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis?.stop());

  const ready = async ({ search }: Awaited<ReturnType<typeof startCache>>) =>
    expect
      .poll(async () => {
        await search(`warm-${Math.random()}`);
        return (await redis.command('DBSIZE')) as number;
      })
      .toBeGreaterThan(0);

  test('processes share answers, and each stops using one that has changed', async () => {
    await redis.command('FLUSHALL');
    const [one, two] = [await startCache(redis), await startCache(redis)];
    await ready(one);
    await ready(two);
    // A busy machine may miss the deadline for Redis.
    await expect
      .poll(async () => {
        const user = `shared-${Math.random()}`;
        await one.search(user);
        return (await two.search(user)).from;
      })
      .toBe('redis');
    for (const { search } of [one, two]) await search('anna');
    await database.pool.query(`update user_logins set locale = 'yy' where user_id = 'anna'`);
    for (const { search } of [one, two]) {
      await expect
        .poll(async () => (await search('anna')).body, { timeout: 2_000 })
        .toContain('"locale":"yy"');
    }
  });

  test('callers of two processes together cause one statement', async () => {
    const [one, two] = [await startCache(redis), await startCache(redis)];
    await ready(one);
    await ready(two);
    await expect
      .poll(async () => {
        await redis.command('FLUSHALL');
        const user = `cold-${Math.random()}`;
        const before = one.reads() + two.reads();
        await Promise.all(
          Array.from({ length: 250 }, () => [one.search(user), two.search(user)]).flat(),
        );
        return one.reads() + two.reads() - before;
      })
      .toBe(1);
  });

  test('what it stores has no value of the query or the answer in it, and cannot be moved to another place', async () => {
    await redis.command('FLUSHALL');
    const one = await startCache(redis);
    await ready(one);
    const { body } = await one.search('anna');
    await one.search('ben');
    await expect.poll(() => redis.command('KEYS', 'login-etl:*')).toHaveLength(3);
    const dump = (await redis.dump()).toString('latin1');
    for (const value of [
      'anna',
      'feedface',
      'search',
      'logins:read',
      'locale',
      JSON.parse(body).data[0].message_id,
    ]) {
      expect(dump).not.toContain(value);
    }
    const names = (await redis.command('KEYS', 'login-etl:*')) as string[];
    for (const name of names) {
      for (const other of names) {
        if (other !== name) await redis.command('COPY', name, other, 'REPLACE');
      }
    }
    const two = await startCache(redis);
    expect(namesIn((await two.search('anna')).body)).toEqual(['anna']);
    expect(namesIn((await two.search('ben')).body)).toEqual(['ben']);
  });

  const median = (numbers: number[]) =>
    numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

  /** Asks for what is nowhere kept. @returns how long the slowest of the answers took beyond a usual one */
  async function ask(
    { search }: Awaited<ReturnType<typeof startCache>>,
    usualMs: number,
  ): Promise<number> {
    const took: number[] = [];
    for (let each = 0; each < 20; each += 1) took.push((await search(`fault-${Math.random()}`)).ms);
    return Math.max(...took) - usualMs;
  }

  const FAULTS: Record<string, () => Promise<unknown>> = {
    'is stopped (SIGSTOP)': async () => redis.signal('SIGSTOP'),
    'is slow': () => redis.command('CLIENT', 'PAUSE', '3000', 'ALL').catch(() => undefined),
    'is flushed': () => redis.command('FLUSHALL'),
    'is full': async () => {
      await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    },
    'has garbage': async () => {
      for (const name of (await redis.command('KEYS', '*')) as string[]) {
        await redis.command('SET', name, 'x'.repeat(100_000));
      }
    },
    'has values of other types': async () => {
      for (const name of (await redis.command('KEYS', '*')) as string[]) {
        await redis.command('DEL', name);
        await redis.command('LPUSH', name, 'x');
      }
    },
  };

  test.each(Object.entries(FAULTS))(
    'when it %s, answers come all the same, and hardly later',
    async (_, fault) => {
      const one = await startCache(redis);
      await ready(one);
      await one.search('anna');
      const usual: number[] = [];
      for (let each = 0; each < 20; each += 1) usual.push((await one.search(`usual-${each}`)).ms);
      await fault();
      try {
        expect(await ask(one, median(usual))).toBeLessThan(SLOW_MACHINE_MS);
        const two = await startCache(redis);
        expect(namesIn((await two.search('anna')).body)).toEqual(['anna']);
      } finally {
        redis.signal('SIGCONT');
        await redis.command('CLIENT', 'UNPAUSE');
        await redis.command('CONFIG', 'SET', 'maxmemory', '0');
        await redis.command('FLUSHALL');
      }
    },
  );

  test('Redis is used again when it is back', async () => {
    const gone = await startTestRedis();
    const one = await startCache(gone);
    await expect
      .poll(async () => {
        await one.search(`warm-${Math.random()}`);
        return (await gone.command('DBSIZE')) as number;
      })
      .toBeGreaterThan(0);
    const port = Number(new URL(gone.url).port);
    await gone.stop();
    expect(namesIn((await one.search('ben')).body)).toEqual(['ben']);
    const back = await startTestRedis(port);
    onTestFinished(() => back.stop());
    await expect
      .poll(async () => {
        await one.search(`warm-${Math.random()}`);
        return (await back.command('DBSIZE')) as number;
      })
      .toBeGreaterThan(0);
  });
});

/** 30 ms, and what a busy machine adds to the slowest of twenty answers: without a deadline it would be seconds. */
const SLOW_MACHINE_MS = 30 + 220;
