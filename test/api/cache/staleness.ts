import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { FoundLogin } from '../../../src/postgres/reads/search-logins.ts';

const MAX_STALE_MS = 2_000;
const ACCOUNTS = 200;
const ASKERS = 6;

type Asker = { ask(user: string): Promise<{ body: string; from: string }>; stop(): void };

async function startProcess(readerUrl: string, redisUrl: string | undefined): Promise<Asker> {
  const file = new URL('./cache-process.ts', import.meta.url);
  const child: ChildProcess = fork(file, [readerUrl, ...(redisUrl ? [redisUrl] : [])], {
    execArgv: [],
  });
  await once(child, 'message');
  const waiting = new Map<number, (answer: { body: string; from: string }) => void>();
  child.on('message', ({ id, ...answer }: { id: number; body: string; from: string }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let asked = 0;
  return {
    ask: (user) =>
      new Promise((resolve) => {
        asked += 1;
        waiting.set(asked, resolve);
        child.send({ id: asked, user });
      }),
    stop: () => child.disconnect(),
  };
}

/** What an account looked like, and until when: one text for all of its rows. */
type State = { text: string; committedAtMs: number };

const TODAY = new Date().toISOString().slice(0, 10);
const PARTITION = `user_logins_${TODAY.slice(0, 7).replace('-', '_')}`;

const INSERT = `insert into user_logins
  values ($1, 'ios', 'ip', 'device', null, $2, '${TODAY}', $3, 'key-1', now(), now(), $4, 1)`;

/** Changes accounts in every way that rows change, and remembers when each change was committed. */
class Writer {
  readonly states = new Map<string, State[]>();
  changes = 0;

  async change(pool: Pool, user: string): Promise<void> {
    const [way, version] = [Math.random(), `v${this.changes}`];
    this.changes += 1;
    const was = this.states.get(user)?.at(-1)?.text ?? '';
    const client = await pool.connect();
    try {
      await client.query('begin');
      const text = await this.#write(client, user, { was, way, version });
      if (way > 0.8) await delay(Math.random() * 400);
      if (way > 0.75 && way < 0.8) {
        await client.query('rollback');
        return;
      }
      await client.query('commit');
      const states = this.states.get(user) ?? [{ text: '', committedAtMs: 0 }];
      states.push({ text, committedAtMs: performance.now() });
      this.states.set(user, states);
    } finally {
      client.release();
    }
  }

  async #write(
    client: PoolClient,
    user: string,
    { was, way, version }: { was: string; way: number; version: string },
  ): Promise<string> {
    if (was === '') {
      await client.query(INSERT, [user, version, randomUUID(), randomUUID()]);
      return version;
    }
    if (way < 0.2) {
      await client.query('delete from user_logins where user_id = $1', [user]);
      return '';
    }
    const table = way < 0.5 ? 'user_logins' : PARTITION;
    await client.query(`update ${table} set app_version = $2 where user_id = $1`, [user, version]);
    return version;
  }

  /** How long ago the answer had been replaced when it was asked for. */
  staleMs(user: string, text: string, askedAtMs: number): number {
    const states = this.states.get(user) ?? [];
    const at = states.findLastIndex((state) => state.text === text);
    const next = states[at + 1];
    return next ? askedAtMs - next.committedAtMs : 0;
  }
}

export type Staleness = {
  asked: number;
  changes: number;
  /** Answers that had been replaced for longer than MAX_STALE_MS. */
  stale: number;
  mostMs: number;
  /** By where they came from. */
  from: Record<string, number>;
};

/** Asks two processes for accounts that change all the time. */
export async function measureStaleness(options: {
  pool: Pool;
  readerUrl: string;
  redisUrl?: string;
  forMs: number;
  changesPerSecond: number;
}): Promise<Staleness> {
  const { pool, readerUrl, redisUrl, forMs, changesPerSecond } = options;
  const processes = await Promise.all([1, 2].map(() => startProcess(readerUrl, redisUrl)));
  const writer = new Writer();
  const until = performance.now() + forMs;
  const result: Staleness = { asked: 0, changes: 0, stale: 0, mostMs: 0, from: {} };
  // A few accounts are asked for often, most of them rarely.
  const someone = () => `user-${Math.floor(ACCOUNTS * Math.random() ** 4)}`;

  async function ask(asker: Asker): Promise<void> {
    while (performance.now() < until) {
      const user = someone();
      const askedAtMs = performance.now();
      const { body, from } = await asker.ask(user);
      result.asked += 1;
      result.from[from] = (result.from[from] ?? 0) + 1;
      if (from === 'failed') continue;
      const rows: FoundLogin[] = JSON.parse(body);
      const staleMs = writer.staleMs(user, rows[0]?.app_version ?? '', askedAtMs);
      result.mostMs = Math.max(result.mostMs, Math.round(staleMs));
      if (staleMs > MAX_STALE_MS) result.stale += 1;
      await delay(1);
    }
  }

  async function write(own: number): Promise<void> {
    while (performance.now() < until) {
      // Each account has one writer, so that its states have an order.
      const user = `user-${Math.floor((ACCOUNTS / WRITERS) * Math.random()) * WRITERS + own}`;
      await writer.change(pool, user);
      await delay((1_000 * WRITERS) / changesPerSecond);
    }
  }

  try {
    await Promise.all([
      ...processes.flatMap((each) => Array.from({ length: ASKERS / 2 }, () => ask(each))),
      ...Array.from({ length: WRITERS }, (_, own) => write(own)),
    ]);
  } finally {
    for (const each of processes) each.stop();
  }
  return { ...result, changes: writer.changes };
}

const WRITERS = 4;
