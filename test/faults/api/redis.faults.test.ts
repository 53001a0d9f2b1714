import { expect, onTestFinished, test } from 'vitest';
import { REDIS_FAULTS, slowProxy } from '../../api/redis-faults.ts';
import { apiInTest, type StartedApi } from '../../api/started-api.ts';
import { hasRedis, startTestRedis } from '../../support/servers/redis-server.ts';
import { createTestDatabase } from '../../support/servers/test-database.ts';

const PAIRS = 60;
const AT_MOST_MS = 30;

async function msOf(api: StartedApi, user: string): Promise<number> {
  const began = performance.now();
  const answer = await api.post('/v1/logins/search', { user });
  await answer.text();
  expect(answer.status).toBe(200);
  return performance.now() - began;
}

const at = (share: number, numbers: number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))] as number;

test.skipIf(!hasRedis()).each(Object.entries(REDIS_FAULTS))(
  'when Redis %s, an answer takes hardly longer than without it',
  async (what, fault) => {
    const database = await createTestDatabase();
    onTestFinished(() => database.remove());
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const proxy = await slowProxy(redis.url);
    onTestFinished(proxy.stop);
    const secret = 'a secret of more than thirty-two characters';
    const without = await apiInTest({ settings: { secret }, database });
    const withRedis = await apiInTest({ settings: { secret, redisUrl: proxy.url }, database });
    for (let each = 0; each < 20; each += 1) {
      for (const api of [without, withRedis]) await msOf(api, `warm-${each}`);
    }
    await fault(redis, proxy);
    // One after the other, so that the rest of the machine slows both.
    const more: number[] = [];
    for (let each = 0; each < PAIRS; each += 1) {
      const user = `fault-${each}`;
      more.push(-(await msOf(without, user)) + (await msOf(withRedis, user)));
    }
    const [median, most] = [at(0.5, more), at(1, more)];
    process.stderr.write(
      `${what}: median ${median.toFixed(1)} ms more, at most ${most.toFixed(1)} ms\n`,
    );
    expect(median).toBeLessThan(AT_MOST_MS);
  },
  60_000,
);
