import { expect, onTestFinished, test } from 'vitest';
import { hasRedis, startTestRedis } from '../../support/servers/redis-server.ts';
import { createTestDatabase } from '../../support/servers/test-database.ts';
import { measureStaleness } from './staleness.ts';

// The long version is in test/faults/api.
test('while accounts change, no answer of two processes is stale for longer than two seconds', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.remove());
  const redis = hasRedis() ? await startTestRedis() : undefined;
  if (redis) onTestFinished(() => redis.stop());
  const result = await measureStaleness({
    pool: database.pool,
    readerUrl: database.urls.reader,
    ...(redis && { redisUrl: redis.url }),
    forMs: 6_000,
    changesPerSecond: 40,
  });
  process.stderr.write(`${JSON.stringify(result)}\n`);
  expect(result.stale).toBe(0);
  expect(result.changes).toBeGreaterThan(50);
  expect(result.from.memory).toBeGreaterThan(result.asked / 4);
  expect(result.from.failed).toBeUndefined();
});
