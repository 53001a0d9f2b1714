import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Pool } from 'pg';
import { createDatabaseUsers } from '../src/local/postgres/database-users.ts';
import { removePostgresData, startPostgresServer } from '../src/local/postgres/postgres-server.ts';
import { postgresPool } from '../src/postgres/pool.ts';
import { hasRedis, startTestRedis } from '../test/support/servers/redis-server.ts';
import { askOnce, type Contestant, load, type Measured, QUESTIONS } from './api/api-load.ts';
import { accountOf, accountsOf, storeRows } from './api/api-rows.ts';
import {
  installPeers,
  type Server,
  startBare,
  startPlatformatic,
  startPostGraphile,
  startService,
  WINDOW_DAYS,
} from './api/api-servers.ts';
import { ingestWhile } from './api/ingest-while.ts';
import { whole } from './number-texts.ts';
import { cpuSecondsByName } from './process-usage.ts';

// A program that measures the read service next to a bare server and two peers, in one run: only the ratios mean anything.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    seconds: { type: 'string', default: '8' },
    // So many requests each instead, after as many to warm up: for a machine that has other work.
    requests: { type: 'string' },
  },
});
const [rows, seconds] = [Number(values.rows), Number(values.seconds)];
const amount = values.requests ? Number(values.requests) : undefined;
const say = (text: string) => process.stdout.write(`${text}\n`);

const undo: (() => unknown)[] = [];
const started = <S extends Server>(server: S): S => {
  undo.push(() => server.stop());
  return server;
};

/** Accounts one after the other, so that each question is new. */
function everyAccount(from = 0): () => string {
  let at = from;
  return () => accountOf((at++ * 7_919) % accountsOf(rows));
}
const one = () => accountOf(1);
/** A few accounts are asked for often, most of them rarely. */
const zipf = () => accountOf(Math.floor(accountsOf(rows) ** Math.random()));

/** Microseconds of processor time for each answer. */
type Processor = { server: number; postgres: number };
type Line = [name: string, measured: Measured, processor?: Processor];

let postgresPid: number | undefined;

async function measure(
  name: string,
  server: Server,
  contestant: Contestant,
  user: () => string,
): Promise<Line> {
  const next = () => QUESTIONS[contestant](user());
  if (amount) await load(server, { next, seconds, amount });
  const processes = { server: server.pid, postgres: postgresPid };
  const before = await cpuSecondsByName(processes);
  const measured = await load(server, { next, seconds, amount });
  const after = await cpuSecondsByName(processes);
  const perAnswer = (of: keyof Processor) =>
    (((after[of] ?? 0) - (before[of] ?? 0)) / measured.answers) * 1e6;
  return report(name, measured, { server: perAnswer('server'), postgres: perAnswer('postgres') });
}

function report(name: string, measured: Measured, processor?: Processor): Line {
  const { perSecond, p50, p99, failed } = measured;
  say(
    `${name.padEnd(34)} ${whole(perSecond).padStart(8)}/s  p50 ${p50} ms  p99 ${p99} ms${failed > 0 ? `  FAILED ${failed}` : ''}${processor ? `  µs of processor: server ${whole(processor.server)}, Postgres ${whole(processor.postgres)}` : ''}`,
  );
  return [name, measured, ...(processor ? [processor] : [])] as Line;
}

/** @param half of the rate that was reached before */
const atHalf = async (
  name: string,
  server: Server,
  user: () => string,
  [, { perSecond }]: Line,
): Promise<Line> =>
  report(
    name,
    await load(server, { next: () => QUESTIONS.service(user()), seconds, rate: perSecond / 2 }),
  );

/** The first summing up takes much of the machine. */
async function untilSummedUp(pool: Pool): Promise<void> {
  for (;;) {
    const { rows: left } = await pool.query('select from login_sums where transactions is null');
    if (left.length === 0) return;
    await delay(500);
  }
}

async function main(): Promise<void> {
  await installPeers();
  const directory = await mkdtemp(join(tmpdir(), 'login-etl-bench-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const dataDirectory = join(directory, 'data');
  const postgres = await startPostgresServer({
    dataDirectory,
    settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  undo.push(async () => {
    await postgres.stop();
    await removePostgresData(dataDirectory);
  });
  postgresPid = postgres.pid();
  const url = await postgres.createDatabase('bench');
  const pool = postgresPool(
    { connectionString: url, statement_timeout: 600_000 },
    { applicationName: 'bench' },
  );
  undo.push(() => pool.end());
  say(`storing ${whole(rows)} logins of ${whole(accountsOf(rows))} accounts …`);
  await storeRows(pool, rows, WINDOW_DAYS);
  const users = await createDatabaseUsers(url);
  const redis = hasRedis() ? await startTestRedis() : undefined;
  if (redis) undo.push(() => redis.stop());

  const service = started(await startService(users.reader, redis?.url));
  // Another process, which is asked what the first one has stored. It uses nothing from before its own start.
  const second = redis && started(await startService(users.reader, redis.url));
  await untilSummedUp(pool);
  const bare = started(await startBare(await askOnce(service, 'service', one())));
  const postgraphile = started(await startPostGraphile(users.reader));
  // It shows tables to their owner only.
  const platformatic = started(await startPlatformatic(url));
  for (const [name, server] of Object.entries({ service, postgraphile, platformatic })) {
    const answer = await askOnce(server, name as Contestant, one());
    say(`${name}: ${answer.length} bytes`);
  }
  say('');

  const fresh = everyAccount();
  const bareLine = await measure('bare node:http', bare, 'service', one);
  const hit = await measure('service, from memory', service, 'service', one);
  const graphile = await measure('PostGraphile', postgraphile, 'postgraphile', everyAccount());
  const miss = await measure('service, from Postgres', service, 'service', fresh);
  const platform = await measure('Platformatic', platformatic, 'platformatic', everyAccount());
  const halfHit = await atHalf('service, from memory, half rate', service, one, hit);
  const halfMiss = await atHalf('service, from Postgres, half rate', service, fresh, miss);
  let shared: Line | undefined;
  if (second) {
    shared = await measure('service, from Redis', second, 'service', everyAccount());
  }
  const bareAgain = await measure('bare node:http, again', bare, 'service', one);
  const mixed = await ingestWhile(pool, {
    accounts: accountsOf(rows),
    service,
    act: () => load(service, { next: () => QUESTIONS.service(zipf()), seconds: 2 * seconds }),
  });
  report('service, while 1,000 rows/s come in', mixed.measured);

  const bareRate = (bareLine[1].perSecond + bareAgain[1].perSecond) / 2;
  const ratio = (name: string, value: number, target: number) =>
    say(`${name.padEnd(44)} ${value.toFixed(2).padStart(6)}   target ≥ ${target}`);
  say('');
  ratio('from memory / bare', hit[1].perSecond / bareRate, 0.6);
  ratio('from memory / PostGraphile', hit[1].perSecond / graphile[1].perSecond, 12);
  if (shared) ratio('from Redis / bare', shared[1].perSecond / bareRate, 0.35);
  ratio('from Postgres / PostGraphile', miss[1].perSecond / graphile[1].perSecond, 2);
  ratio('from Postgres / Platformatic', miss[1].perSecond / platform[1].perSecond, 3);
  ratio('found in the cache while rows come in', mixed.hitRatio, 0.8);
  say(
    '\nby processor time of the server (and of Postgres, where it is asked), which other work on the machine changes less:',
  );
  const cost = ([, , processor]: Line, withPostgres = false) =>
    (processor?.server ?? 0) + (withPostgres ? (processor?.postgres ?? 0) : 0);
  const bareCost = (cost(bareLine) + cost(bareAgain)) / 2;
  ratio('from memory / bare', bareCost / cost(hit), 0.6);
  ratio('from memory / PostGraphile', cost(graphile, true) / cost(hit), 12);
  if (shared) ratio('from Redis / bare', bareCost / cost(shared), 0.35);
  ratio('from Postgres / PostGraphile', cost(graphile, true) / cost(miss, true), 2);
  ratio('from Postgres / Platformatic', cost(platform, true) / cost(miss, true), 3);
  say(
    `p99 at half rate: from memory ${halfHit[1].p99} ms (≤ 5), from Postgres ${halfMiss[1].p99} ms (≤ 25)`,
  );
}

try {
  await main();
} finally {
  for (const step of undo.toReversed()) await step();
}
