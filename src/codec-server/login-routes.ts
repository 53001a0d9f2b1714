import type { IncomingMessage } from 'node:http';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import type { Answer } from '../http/answer.ts';
import { Refusal } from '../http/refusal.ts';
import { refuseOtherPages } from '../http/refuse-other-pages.ts';
import { sessions } from '../http/session-cookie.ts';
import { FAILURES_PER_MINUTE, TokenBuckets } from '../http/token-buckets.ts';
import { isTokenTyped, loginPage, loginPageHeaders } from './login-page.ts';

/** The Web UI of a server without login has no token to send: its user types the codec server's token once. */
export const CODEC_SESSIONS = sessions('login_etl_codec', 'codec-server');

/** Only where there is a token to type, and a Web UI to go on to. */
export function loginRoutes({ token, uiOrigin, tls, behindTlsProxy }: CodecServerSettings) {
  if (!token || !uiOrigin) return undefined;
  const failures = new TokenBuckets(FAILURES_PER_MINUTE);
  const secure = tls !== undefined || behindTlsProxy;
  const headers = loginPageHeaders(uiOrigin);
  const onward = (cookie: string): Answer => ({
    status: 303,
    headers: { location: `${uiOrigin}/`, 'set-cookie': cookie },
  });
  return {
    async login(request: IncomingMessage): Promise<Answer> {
      if (request.method === 'GET') return { status: 200, headers, body: loginPage() };
      if (request.method !== 'POST') throw new Refusal(405, 'GET or POST', { allow: 'GET, POST' });
      if (await isTokenTyped(request, token.secret)) {
        return onward(await CODEC_SESSIONS.cookie(token.secret, secure));
      }
      if (!failures.take(request.socket.remoteAddress ?? '')) {
        throw new Refusal(429, 'too many requests', { 'retry-after': '10' });
      }
      return { status: 401, headers, body: loginPage({ refused: true }) };
    },
    async logout(request: IncomingMessage): Promise<Answer> {
      if (request.method !== 'POST') throw new Refusal(405, 'POST only', { allow: 'POST' });
      refuseOtherPages(request);
      return onward(CODEC_SESSIONS.ended(secure));
    },
  };
}
