import type { FastifyRequest } from 'fastify';
import { openAesGcm, sealAesGcm } from '../../crypto/aes-gcm.ts';
import { tokenFinder } from '../../http/same-token.ts';
import { sessions } from '../../http/session-cookie.ts';
import { jwtVerifier } from '../../http/verify-jwt.ts';
import type { ApiContext } from '../api-context.ts';

const COOKIES = sessions('login_etl_api', 'api');
const CONTEXT = 'api-session/1';
/** Browsers keep cookies of up to 4 KB. */
const MAX_COOKIE_LENGTH = 3_900;

type PageSessions = {
  /** @returns the cookie, or undefined for what is no token or JWT of the service, or too long for a cookie */
  begin(typed: string): Promise<string | undefined>;
  /** The token or JWT that the browser's session was begun with, while it counts. */
  bearerOf(request: Pick<FastifyRequest, 'headers'>): Promise<string | undefined>;
  /** A cookie that ends the session. */
  ended: string;
};

/** A session of a token says nothing; that of a JWT holds it, sealed, so that the cookie is no JWT for the routes. */
export function pageSessions({ settings, tokens, sessionKey }: ApiContext): PageSessions {
  const secure = settings.tls !== undefined || settings.behindTlsProxy;
  const findToken = tokenFinder(tokens);
  const verifyJwt = settings.jwt && jwtVerifier(settings.jwt);

  const jwtIn = (held: string): string | undefined => {
    try {
      const sealed = Buffer.from(held, 'base64url');
      return openAesGcm(sealed, sessionKey, CONTEXT).toString('utf8');
    } catch {
      return undefined;
    }
  };

  return {
    async begin(typed) {
      const token = findToken(typed);
      if (token) return COOKIES.cookie(token.secret, secure);
      if (!(await verifyJwt?.(typed))) return undefined;
      const sealed = sealAesGcm(typed, { key: sessionKey, context: CONTEXT }).toString('base64url');
      return sealed.length > MAX_COOKIE_LENGTH ? undefined : COOKIES.holding(sealed, secure);
    },
    async bearerOf({ headers: { cookie } }) {
      const held = COOKIES.held(cookie);
      if (held === undefined) return undefined;
      for (const { secret } of tokens()) if (await COOKIES.has(cookie, secret)) return secret;
      const jwt = jwtIn(held);
      return jwt !== undefined && (await verifyJwt?.(jwt)) ? jwt : undefined;
    },
    ended: COOKIES.ended(secure),
  };
}
