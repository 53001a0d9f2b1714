import type { Authenticate, Caller } from './authenticate.ts';
import { Refusal } from './refusal.ts';
import { FAILURES_PER_MINUTE, TokenBuckets } from './token-buckets.ts';

/** The name of a caller in TokenBuckets. */
export const bucketOf = ({ by, name }: Caller): string => `${by} ${name}`;

/** Bounds how often a caller may ask, and how often an address may fail. */
export function boundedAuthenticator(
  authenticate: Authenticate,
  asked: TokenBuckets,
): Authenticate {
  const failures = new TokenBuckets(FAILURES_PER_MINUTE);
  return async (request) => {
    const from = request.socket.remoteAddress ?? '';
    const caller = await authenticate(request).catch((error: unknown) => {
      throw failures.take(from) ? error : tooMany(failures, from);
    });
    const bucket = bucketOf(caller);
    if (!asked.take(bucket)) throw tooMany(asked, bucket);
    return caller;
  };
}

export const tooMany = (buckets: TokenBuckets, name: string): Refusal =>
  new Refusal(429, 'too many requests', { 'retry-after': String(buckets.secondsToNext(name)) });
