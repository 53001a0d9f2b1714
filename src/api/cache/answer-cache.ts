import { LRUCache } from 'lru-cache';
import type { Pool, PoolClient } from 'pg';
import { deriveKey } from '../../crypto/keys/derive-key.ts';
import type { DayRange } from '../../postgres/reads/login-filter.ts';
import { readSnapshot } from '../../postgres/reads/read-snapshot.ts';
import { type KeptAnswer, nameOf, openAnswer, sealAnswer } from './answer-envelope.ts';
import { type ChangesFollower, followChanges } from './changes-follower.ts';
import { parseSnapshot } from './pg-snapshot.ts';
import { type RedisStore, redisStore } from './redis-store.ts';
import type { Scope } from './touched-slots.ts';

const MAX_MEMORY_BYTES = 64 * 2 ** 20;
const MEMORY_TTL_MS = 10 * 60_000;
/** With its time in Redis, ten minutes. */
const FROM_REDIS_TTL_MS = 60_000;
/** Of what surrounds a kept answer in memory. */
const OVERHEAD_BYTES = 600;
/** Whoever asks later than this does not get the answer that is being read. */
const JOIN_FOR_MS = 300;

export type Question = {
  route: string;
  /** What makes the same query another one for another caller, such as its scopes. */
  view: object;
  query: object;
  /** The logins that the answer is about; `sums` if it comes from the sums of 0028_login_sums.sql. */
  about:
    | (DayRange & {
        user?: string | undefined;
        maskedDevice?: string | undefined;
        maskedIp?: string | undefined;
      })
    | 'sums';
  /** It is read by one statement. */
  once?: boolean;
};

/** An object in JSON, and the place where the next page begins. */
export type Answer = { body: string; last?: readonly string[] | undefined };
type Found = KeptAnswer & { from: AnswerSource };

export type AnswerSource = 'memory' | 'redis' | 'database' | 'bypass';

export type AnswerCache = {
  /** @param read reads the answer from one snapshot */
  answer(question: Question, read: (client: PoolClient) => Promise<Answer>): Promise<Found>;
  /** False while changes are not followed closely enough, so that every answer comes from the database. */
  isCurrent(): boolean;
  stop(): Promise<void>;
};

type Options = {
  pool: Pool;
  secret: string | Buffer;
  redisUrl?: string | undefined;
  /** Trouble with Redis, which goes on without it. */
  onRedisError?: (error: unknown) => void;
  onAnswer?: (from: AnswerSource) => void;
};

/** Keeps answers in memory, and in Redis if there is one. No answer is staler than two seconds. */
export function answerCache({
  pool,
  secret,
  redisUrl,
  onRedisError,
  onAnswer,
}: Options): AnswerCache {
  const names = deriveKey(secret, 'api/cache-name/1');
  const key = deriveKey(secret, 'api/cache/1');
  /** By question, in JSON. */
  const memory = new LRUCache<string, KeptAnswer>({
    maxSize: MAX_MEMORY_BYTES,
    sizeCalculation: ({ body }, question) => body.length + 2 * question.length + OVERHEAD_BYTES,
    ttl: MEMORY_TTL_MS,
  });
  const redis: RedisStore | undefined =
    redisUrl === undefined ? undefined : redisStore(redisUrl, onRedisError ?? (() => undefined));
  const follower: ChangesFollower = followChanges(pool, () => {
    memory.clear();
    redis?.clear();
  });
  const underWay = new Map<string, { sinceMs: number; answer: Promise<Found> }>();

  const isRight = ({ scope, snapshot }: KeptAnswer) =>
    follower.isCurrent() && follower.isRight(scope, snapshot);

  async function find(
    asked: string,
    question: Question,
    read: (client: PoolClient) => Promise<Answer>,
  ): Promise<Found> {
    if (!follower.isCurrent()) return { ...(await readNow(question, read)), from: 'bypass' };
    const name = redis ? nameOf(names, asked) : '';
    const shared = await redis?.find(name, (sealed) => {
      const opened = openAnswer(sealed, key, name);
      return opened && isRight(opened) ? opened : undefined;
    });
    const answer = shared ?? (await readNow(question, read));
    memory.set(asked, answer, { ttl: shared ? FROM_REDIS_TTL_MS : MEMORY_TTL_MS });
    if (!shared && redis?.isReady()) redis.put(name, sealAnswer(answer, key, name));
    return { ...answer, from: shared ? 'redis' : 'database' };
  }

  async function readNow(
    { about, once = false }: Question,
    read: (client: PoolClient) => Promise<Answer>,
  ): Promise<KeptAnswer> {
    const { value, transactions, slots } = await readSnapshot(pool, read, {
      slotsOf: valuesOf(about),
      once,
    });
    const { body, last } = value;
    const scope = scopeOf(about, slots);
    return {
      body: Buffer.from(body),
      ...(last && { last }),
      scope,
      snapshot: parseSnapshot(transactions),
    };
  }

  function findOnce(
    asked: string,
    question: Question,
    read: (client: PoolClient) => Promise<Answer>,
  ): Promise<Found> {
    const now = performance.now();
    const same = underWay.get(asked);
    if (same && now - same.sinceMs < JOIN_FOR_MS) return same.answer;
    const entry = { sinceMs: now, answer: find(asked, question, read) };
    underWay.set(asked, entry);
    const forget = () => {
      if (underWay.get(asked) === entry) underWay.delete(asked);
    };
    entry.answer.then(forget, forget);
    return entry.answer;
  }

  return {
    async answer(question, read) {
      const { route, view, query } = question;
      const asked = JSON.stringify([route, view, query]);
      const kept = memory.get(asked);
      const found =
        kept && isRight(kept)
          ? { ...kept, from: 'memory' as const }
          : await findOnce(asked, question, read);
      onAnswer?.(found.from);
      return found;
    },
    isCurrent: () => follower.isCurrent(),
    async stop() {
      redis?.stop();
      await follower.stop();
    },
  };
}

/** The values of which a question is, each undefined if it is of any. */
const valuesOf = (about: Question['about']) =>
  about === 'sums' ? [] : [about.user, about.maskedDevice, about.maskedIp];

function scopeOf(
  about: Question['about'],
  [users, devices, ips]: readonly (number | null)[],
): Scope {
  if (about === 'sums') return 'sums';
  return {
    days: [about.from, about.to],
    ...(users != null && { users }),
    ...(devices != null && { devices }),
    ...(ips != null && { ips }),
  };
}
