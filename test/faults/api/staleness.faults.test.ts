import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { measureStaleness } from '../../api/cache/staleness.ts';
import { hasRedis, startTestRedis } from '../../support/servers/redis-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const FOR_MS = 60_000;

async function database(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  onTestFinished(() => made.remove());
  return made;
}

/** A transaction that changes no logins, and is open for most of the time. */
async function holdTransactions({ pool }: TestDatabase, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    const client = await pool.connect();
    await client.query('begin; select pg_current_xact_id()');
    await delay(5_000);
    await client.query('rollback');
    client.release();
  }
}

test('for a minute, without Redis, no answer is stale for longer than two seconds', async () => {
  const made = await database();
  const [result] = await Promise.all([
    measureStaleness({
      pool: made.pool,
      readerUrl: made.urls.reader,
      forMs: FOR_MS,
      changesPerSecond: 60,
    }),
    holdTransactions(made, FOR_MS),
  ]);
  process.stderr.write(`${JSON.stringify(result)}\n`);
  expect(result.stale).toBe(0);
  expect(result.from.failed).toBeUndefined();
}, 120_000);

test.skipIf(!hasRedis())(
  'for a minute, with a Redis that stops and forgets, no answer is stale for longer than two seconds',
  async () => {
    const made = await database();
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const faults = async () => {
      for (let each = 0; each < 5; each += 1) {
        await delay(5_000);
        redis.signal('SIGSTOP');
        await delay(3_000);
        redis.signal('SIGCONT');
        await delay(3_000);
        await redis.command('FLUSHALL');
      }
    };
    const [result] = await Promise.all([
      measureStaleness({
        ...{ pool: made.pool, readerUrl: made.urls.reader, redisUrl: redis.url },
        ...{ forMs: FOR_MS, changesPerSecond: 60 },
      }),
      holdTransactions(made, FOR_MS),
      faults(),
    ]);
    process.stderr.write(`${JSON.stringify(result)}\n`);
    expect(result.stale).toBe(0);
    expect(result.from.failed).toBeUndefined();
  },
  120_000,
);
