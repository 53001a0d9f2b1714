import { setTimeout as delay } from 'node:timers/promises';
import {
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import { createClient, ErrorReply, RESP_TYPES } from 'redis';
import { KEY_PREFIX, MAX_ENVELOPE_BYTES } from './answer-envelope.ts';

/** All that one answer may wait for Redis. */
const DEADLINE_MS = 25;
const TTL_MS = 9 * 60_000;
/** Longer than most answers take to read. */
const CLAIM_MS = 2_000;
const LOOK_AGAIN_MS = 4;
const FAILURES_UNTIL_OPEN = 5;
const HALF_OPEN_AFTER_MS = 1_000;
const RECONNECT_MS = { first: 50, most: 2_000 };
/** A connection that is silent for so long is replaced. */
const SILENT_MS = 5_000;
const PING_MS = 1_000;
const MAX_WAITING_COMMANDS = 2_000;
const REPORT_EVERY_MS = 10_000;

/** Answers that the processes of the service share. Trouble of any kind only means that nothing is found. */
export type RedisStore = {
  /**
   * Finds what `open` accepts. If there is none, the first one to ask gets nothing and is expected to `put` it; others
   * wait for that, for a moment.
   */
  find<T>(name: string, open: (sealed: Buffer) => T | undefined): Promise<T | undefined>;
  put(name: string, sealed: Buffer): void;
  /** Removes every answer. */
  clear(): void;
  isReady(): boolean;
  stop(): void;
};

/** @param report is told of trouble, now and then */
export function redisStore(url: string, report: (error: unknown) => void): RedisStore {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  const onError = (error: unknown) => {
    if (performance.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = performance.now();
    report(error);
  };
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_WAITING_COMMANDS,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: SILENT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) =>
        Math.min(RECONNECT_MS.first * 2 ** retries, RECONNECT_MS.most) * (0.5 + Math.random()),
    },
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  client.on('error', onError);
  client.connect().catch(onError);

  const breaker = circuitBreaker(
    // Redis answers, if only that it is full or has a value of another type.
    handleWhen((error) => !(error instanceof ErrorReply)),
    {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(FAILURES_UNTIL_OPEN),
    },
  );
  const attempt = async <T>(
    act: () => Promise<T>,
    untilMs = performance.now() + DEADLINE_MS,
  ): Promise<T | undefined> => {
    const leftMs = untilMs - performance.now();
    if (!client.isReady || leftMs < 1) return undefined;
    try {
      const deadline = timeout(leftMs, TimeoutStrategy.Aggressive);
      return await breaker.execute(() => deadline.execute(act));
    } catch (error) {
      onError(error);
      return undefined;
    }
  };

  const get = (name: string, untilMs: number) =>
    attempt(() => client.getRange(name, 0, MAX_ENVELOPE_BYTES) as Promise<Buffer>, untilMs);

  return {
    find: async (name, open) => {
      const until = performance.now() + DEADLINE_MS;
      const found = await get(name, until);
      if (!found) return undefined;
      let answer = found.length > 0 ? open(found) : undefined;
      if (answer !== undefined) return answer;
      const claimed = await attempt(
        () =>
          client.set(`${name}:claim`, '', {
            condition: 'NX',
            expiration: { type: 'PX', value: CLAIM_MS },
          }),
        until,
      );
      if (claimed !== null) return undefined;
      while (answer === undefined && performance.now() + LOOK_AGAIN_MS < until) {
        await delay(LOOK_AGAIN_MS);
        const again = await get(name, until);
        if (!again) return undefined;
        if (again.length > 0 && !again.equals(found)) answer = open(again);
      }
      return answer;
    },
    put(name, sealed) {
      if (sealed.length > MAX_ENVELOPE_BYTES) return;
      void attempt(async () => {
        const expiration = { type: 'PX', value: TTL_MS } as const;
        await Promise.all([
          client.set(name, sealed, { expiration }),
          client.unlink(`${name}:claim`),
        ]);
      });
    },
    clear() {
      void removeAll().catch(onError);
    },
    isReady: () => client.isReady,
    stop: () => client.destroy(),
  };

  async function removeAll(): Promise<void> {
    if (!client.isReady) return;
    for await (const names of client.scanIterator({ MATCH: `${KEY_PREFIX}*`, COUNT: 1_000 })) {
      if (names.length > 0) await client.unlink(names);
    }
  }
}
