import { bucketOf } from '../http/bounded-authenticator.ts';
import { TokenBuckets } from '../http/token-buckets.ts';
import type { ApiContext } from './api-context.ts';
import type { ApiServer } from './api-server.ts';

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

/** So many answers 304 cost nothing for each request that may be sent. */
const UNCHANGED_TIMES = 10;

/** Headers, a line in the log and the metrics of each answer: with the route's template, never with what was asked. */
export function addAnswerHooks(
  app: ApiServer,
  { logger, metrics }: ApiContext,
  quota: TokenBuckets,
): void {
  const unchanged = new TokenBuckets(UNCHANGED_TIMES * quota.perMinute);
  // With callbacks, since promises of hooks cost as much as the rest of an answer from memory.
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    done();
  });
  app.addHook('onSend', ({ caller }, reply, payload, done) => {
    if (!caller) return done(null, payload);
    const bucket = bucketOf(caller);
    if (reply.statusCode === 304 && unchanged.take(bucket)) quota.giveBack(bucket);
    const left = quota.left(bucket);
    const resetSeconds = Math.ceil(((quota.perMinute - left) / quota.perMinute) * 60);
    void reply
      .header('ratelimit-policy', `"requests";q=${quota.perMinute};w=60`)
      .header('ratelimit', `"requests";r=${left};t=${resetSeconds}`);
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const { method, caller } = request;
    const status = reply.statusCode;
    const milliseconds = reply.elapsedTime;
    metrics.answered({ route, method, status, seconds: milliseconds / 1_000 });
    logger[status >= 500 ? 'error' : 'info'](
      {
        request_id: request.id,
        method,
        route,
        status,
        ...(caller && { caller: caller.name, by: caller.by }),
        milliseconds: Math.round(milliseconds),
      },
      'request',
    );
    done();
  });
}
