import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Measured } from './api-load.ts';
import type { Server } from './api-servers.ts';

const BATCH = 100;
const EVERY_MS = 100;

const INSERT = `
  insert into user_logins
  select 'account-' || floor(random() * $1)::bigint, 'ios', encode(sha256(gen_random_uuid()::text::bytea), 'hex'),
    encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'de_DE', '3.0', now()::date, gen_random_uuid()::text, 'key-1',
    now(), now(), gen_random_uuid(), 1
  from generate_series(1, ${BATCH})`;

/** Answers of the service by where they came from. */
async function answersOf({ url }: Server): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(/^login_etl_api_answers_total\{source="(\w+)"\} (\d+)/gm);
  return Object.fromEntries([...found].map(([, source = '', count]) => [source, Number(count)]));
}

/** Stores 1,000 rows a second while `act` asks. */
export async function ingestWhile(
  pool: Pool,
  { accounts, service, act }: { accounts: number; service: Server; act(): Promise<Measured> },
): Promise<{ measured: Measured; hitRatio: number }> {
  let ended = false;
  const before = await answersOf(service);
  const ingest = async () => {
    for (let next = performance.now(); !ended; next += EVERY_MS) {
      await pool.query(INSERT, [accounts]);
      await delay(Math.max(0, next + EVERY_MS - performance.now()));
    }
  };
  const ingesting = ingest();
  const measured = await act().finally(() => {
    ended = true;
  });
  await ingesting;
  const after = await answersOf(service);
  const more = (source: string) => (after[source] ?? 0) - (before[source] ?? 0);
  const hits = more('memory') + more('redis');
  return { measured, hitRatio: hits / (hits + more('database') + more('bypass')) };
}
