import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import { type Authenticate, authenticator } from './authenticate.ts';
import { Refusal } from './refusal.ts';
import { FAILURES_PER_MINUTE, TokenBuckets } from './token-buckets.ts';

/** Bounds how often a caller may ask, and how often an address may fail. */
export function boundedAuthenticator(settings: CodecServerSettings): Authenticate {
  const authenticate = authenticator(settings);
  const failures = new TokenBuckets(FAILURES_PER_MINUTE);
  const asked = new TokenBuckets(settings.requestsPerMinute);
  const tooMany = () => new Refusal(429, 'too many requests', { 'retry-after': '10' });
  return async (request) => {
    const caller = await authenticate(request).catch((error: unknown) => {
      const from = request.socket.remoteAddress ?? '';
      throw failures.take(from) ? error : tooMany();
    });
    if (!asked.take(`${caller.by} ${caller.name}`)) throw tooMany();
    return caller;
  };
}
