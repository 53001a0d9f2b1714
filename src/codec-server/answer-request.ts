import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import { type Answer, refused } from '../http/answer.ts';
import { authenticator, type Caller } from '../http/authenticate.ts';
import { boundedAuthenticator } from '../http/bounded-authenticator.ts';
import { crossOriginHeaders, preflightHeaders } from '../http/cross-origin.ts';
import { Refusal } from '../http/refusal.ts';
import { TokenBuckets } from '../http/token-buckets.ts';
import {
  type DecodeContext,
  decodeBudget,
  decodeRequest,
  encodeRequest,
} from './decode-request.ts';
import { CODEC_SESSIONS, loginRoutes } from './login-routes.ts';

type AnswerOptions = Omit<DecodeContext, 'uiOrigin' | 'budget'> & {
  settings: CodecServerSettings;
  allowEncode: boolean;
  /** Called with the request of a caller who is authenticated. */
  known: (request: IncomingMessage) => void;
};

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

/** Logs each request, without tokens, payloads or the path as it was sent. */
export function requestListener(options: AnswerOptions) {
  const route = router(options);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const begun = performance.now();
    const seen: Seen = { route: 'other' };
    const answer = await route(request, seen).catch((error: unknown) =>
      refused(error, options.logger),
    );
    const { onSent } = answer;
    if (onSent) response.once('close', onSent);
    if (onSent && response.closed) onSent();
    response.writeHead(answer.status, { ...SECURITY_HEADERS, ...answer.headers });
    response.end(answer.body);
    options.logger[answer.status >= 500 ? 'error' : 'info'](
      {
        method: request.method,
        route: seen.route,
        status: answer.status,
        ...(seen.caller && { caller: seen.caller.name, by: seen.caller.by }),
        milliseconds: Math.round(performance.now() - begun),
      },
      'request',
    );
  };
}

/** What the log has of a request. */
type Seen = {
  route: 'decode' | 'encode' | 'login' | 'logout' | 'health' | 'other';
  caller?: Caller;
};

function router(options: AnswerOptions) {
  const { settings, allowEncode } = options;
  const { uiOrigin, token } = settings;
  const tokens = token ? [token] : [];
  const authenticate = authenticator({
    tokens: () => tokens,
    jwt: settings.jwt,
    realm: 'login-etl codec server',
    // A session counts for the Web UI's own pages only.
    sessionToken: async ({ headers: { origin, cookie } }) =>
      token &&
      origin !== undefined &&
      origin === uiOrigin &&
      (await CODEC_SESSIONS.has(cookie, token.secret))
        ? token
        : undefined,
  });
  const identify = boundedAuthenticator(authenticate, new TokenBuckets(settings.requestsPerMinute));
  const login = loginRoutes(settings);
  const budget = decodeBudget();

  return async (request: IncomingMessage, seen: Seen): Promise<Answer> => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path === '/health' && request.method === 'GET') {
      seen.route = 'health';
      return { status: 200, body: 'ok\n' };
    }
    const page = /^\/(login|logout)$/.exec(path)?.[1] as 'login' | 'logout' | undefined;
    if (page && login) {
      seen.route = page;
      return login[page](request);
    }
    const verb = /^(?:\/[^/]+)?\/(decode|encode)$/.exec(path)?.[1] as 'decode' | 'encode';
    if (!verb || (verb === 'encode' && !allowEncode))
      throw new Refusal(404, 'there is no such path');
    seen.route = verb;
    const crossOrigin = crossOriginHeaders(request, uiOrigin);
    if (request.method === 'OPTIONS') {
      return { status: 204, headers: { ...crossOrigin, ...preflightHeaders() } };
    }
    const answer = async (): Promise<Answer> => {
      if (request.method !== 'POST')
        throw new Refusal(405, 'POST only', { allow: 'POST, OPTIONS' });
      const caller = await identify(request);
      seen.caller = caller;
      options.known(request);
      const sent =
        verb === 'decode'
          ? await decodeRequest(request, caller, { ...options, uiOrigin, budget })
          : await encodeRequest(request, options.keys);
      return { status: 200, headers: { 'content-type': 'application/json' }, ...sent };
    };
    const given = await answer().catch((error: unknown) => refused(error, options.logger));
    // Without these headers the Web UI's page could not read why it was refused.
    return { ...given, headers: { ...given.headers, ...crossOrigin } };
  };
}
