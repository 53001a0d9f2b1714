import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { moveDefaultRows } from '../../../src/postgres/partitions/move-default-rows.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { batchToInsert, newIds } from '../../postgres/ingest/batch-to-insert.ts';
import { partitionsOf, withoutPartition } from '../../postgres/partitions/default-partition.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const ROWS = 300_000;
const LANES = 3;
const BATCH = 200;
/** Ids that are looked up at once at the end. */
const SLICE = 10_000;
/** With it, some thousand rows a second come into the default partition: the move would not catch up with many more. */
const PAUSE_MS = 100;

let database: TestDatabase;
let worker: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  worker = postgresPool({ connectionString: database.urls.worker }, { applicationName: 'test' });
});
afterAll(async () => {
  await worker?.end();
  await database?.remove();
});

const now = new Date();
const month = now.toISOString().slice(0, 7);

/** Rows as earlier batches have stored them. */
const FILL = `
  insert into user_logins (user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date, message_id,
    mask_key_id, sent_at, run_id, batch_number)
  select 'user-' || n, 'android', md5(n::text), md5((-n)::text), 'DE', '2.3.0', (now() at time zone 'utc')::date,
    gen_random_uuid(), 'key-1', now(), '00000000-0000-4000-8000-000000000001', n / 1000
  from generate_series(1, $1::integer) as n`;

/** Stores batches one after the other, and one of three a second time, until told to stop. */
async function lane(until: () => boolean, sent: string[], waits: number[]): Promise<void> {
  let last: string[] = [];
  for (let round = 0; !until(); round += 1) {
    const again = round % 3 === 2 ? last.slice(0, BATCH / 10) : [];
    last = newIds(BATCH);
    const startedAt = performance.now();
    const stored = await insertBatch(
      worker,
      batchToInsert({ rowIds: [...last, ...again], sentAtMs: now.getTime() }),
    );
    waits.push(performance.now() - startedAt);
    await delay(PAUSE_MS);
    expect(stored).toEqual({ inserted: BATCH, quarantined: 0, duplicates: again.length });
    sent.push(...last);
  }
}

const quantile = (waits: readonly number[], share: number): number =>
  waits.toSorted((a, b) => a - b)[Math.floor(waits.length * share)] ?? 0;

test('300,000 rows are moved while batches are stored: none is lost, none is there twice', async () => {
  await withoutPartition(database.pool, month);
  await database.pool.query(FILL, [ROWS]);
  const sent: string[] = [];
  const [before, during]: [number[], number[]] = [[], []];
  const until = performance.now() + 8_000;
  await Promise.all(
    Array.from({ length: LANES }, () => lane(() => performance.now() > until, sent, before)),
  );
  let moved: number | undefined;
  const startedAt = performance.now();
  const moving = moveDefaultRows(worker).then((rows) => {
    moved = rows;
  });
  await Promise.all(
    Array.from({ length: LANES }, () => lane(() => moved !== undefined, sent, during)),
  );
  await moving;
  const seconds = (performance.now() - startedAt) / 1_000;
  const [p99Before, p99During] = [quantile(before, 0.99), quantile(during, 0.99)];
  process.stdout.write(
    `${moved} rows moved in ${seconds.toFixed(1)} s; an insert of ${BATCH} took (ms) ` +
      `p50 ${quantile(before, 0.5).toFixed(0)} and ${quantile(during, 0.5).toFixed(0)} meanwhile, ` +
      `p99 ${p99Before.toFixed(0)} and ${p99During.toFixed(0)} meanwhile (x ${(p99During / p99Before).toFixed(2)}), ` +
      `most ${Math.max(...before).toFixed(0)} and ${Math.max(...during).toFixed(0)}; ` +
      `${before.length} and ${during.length} batches\n`,
  );
  const partition = `user_logins_${month.replace('-', '_')}`;
  expect(await partitionsOf(database.pool)).toEqual({ [partition]: ROWS + sent.length });
  let found = 0;
  for (let from = 0; from < sent.length; from += SLICE) {
    const { rows } = await database.pool.query<{ found: number }>(
      'select count(*)::int as found from user_logins where message_id = any($1)',
      [sent.slice(from, from + SLICE)],
    );
    found += rows[0]?.found ?? 0;
  }
  expect(found).toBe(sent.length);
}, 600_000);
