import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loginMessages } from '../support/data/login-messages.ts';
import { reconcileJson } from '../support/reconcile-command.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../support/servers/pgbouncer.ts';
import { type Stack, startStack } from '../support/start-stack.ts';

const INSTALLED = hasPgbouncer();
if (!INSTALLED) {
  process.stderr.write('SKIPPED: pgbouncer is not installed: apt-get install pgbouncer\n');
}

describe.skipIf(!INSTALLED)('the worker behind PgBouncer in transaction mode', () => {
  let stack: Stack;
  let pooler: Pgbouncer;

  beforeAll(async () => {
    stack = await startStack();
    pooler = await startPgbouncer([stack.databaseUrls.worker], 'transaction');
  });
  afterAll(async () => {
    await stack?.stop();
    await pooler?.stop();
  });

  test('drains the queue from several lanes, and every message is stored once', async () => {
    const env = { DATABASE_URL: pooler.through(stack.databaseUrls.worker) };
    await stack.spawnWorker(env);
    await stack.send([...loginMessages(1_990), ...Array.from({ length: 10 }, () => 'no JSON')]);
    expect(await stack.run({ lanes: 4, batchSize: 100 })).toMatchObject({
      ...{ received: 2_000, inserted: 1_990, quarantined: 10, acknowledged: 2_000, duplicates: 0 },
    });
    expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
    const { json } = await reconcileJson({ ...stack.env, ...env });
    expect(json).toMatchObject({ findings: [], total: { inserted: 1_990, quarantined: 10 } });
  });
});
