import { hkdfSync } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

/**
 * A user types a token once, and the browser keeps a session in its place: a signed cookie that says nothing but until
 * when.
 */
type Sessions = {
  cookie(token: string, secure: boolean): Promise<string>;
  /** In place of a session that is made from a token: what the server has sealed. */
  holding(sealed: string, secure: boolean): string;
  /** What the request's cookies hold, whether or not the session counts. */
  held(cookies: string | undefined): string | undefined;
  ended(secure: boolean): string;
  /** Whether the request's cookies hold a session that was made with this token and has not expired. */
  has(cookies: string | undefined, token: string): Promise<boolean>;
};

const SESSION_SECONDS = 8 * 60 * 60;
const ALGORITHM = 'HS256';

/** @param purpose keeps the sessions of servers with the same token apart */
export function sessions(name: string, purpose: string): Sessions {
  /** Made from the token: another token ends every session, and several servers with the same one share them. */
  const sessionKey = (token: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', token, '', `login-etl/${purpose}/session/1`, 32));
  /** Without a path the browser takes that of the login page, whatever a proxy has put before it. */
  const attributes = (value: string, maxAgeSeconds: number, secure: boolean): string =>
    [
      `${name}=${value}`,
      `Max-Age=${maxAgeSeconds}`,
      'HttpOnly',
      'SameSite=Strict',
      ...(secure ? ['Secure'] : []),
    ].join('; ');
  const pattern = new RegExp(`(?:^|; )${name}=([^;]+)`);
  const held = (cookies: string | undefined) => pattern.exec(cookies ?? '')?.[1];
  return {
    async cookie(token, secure) {
      const session = await new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM })
        .setExpirationTime(`${SESSION_SECONDS}s`)
        .sign(sessionKey(token));
      return attributes(session, SESSION_SECONDS, secure);
    },
    holding: (sealed, secure) => attributes(sealed, SESSION_SECONDS, secure),
    held,
    ended: (secure) => attributes('', 0, secure),
    async has(cookies, token) {
      const session = held(cookies);
      if (session === undefined) return false;
      try {
        await jwtVerify(session, sessionKey(token), {
          algorithms: [ALGORITHM],
          requiredClaims: ['exp'],
        });
        return true;
      } catch {
        return false;
      }
    },
  };
}
