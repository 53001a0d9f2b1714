import { hkdfSync } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

/**
 * The Web UI of a server without login has no token to send. Its user types the codec server's token once, and the
 * browser keeps a session in its place: a signed cookie that says nothing but until when.
 */
const COOKIE = 'login_etl_codec';
const SESSION_SECONDS = 8 * 60 * 60;
const ALGORITHM = 'HS256';

/** Made from the token: another token ends every session, and several servers with the same one share them. */
const sessionKey = (token: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', token, '', 'login-etl/codec-server/session/1', 32));

export async function sessionCookie(token: string, secure: boolean): Promise<string> {
  const session = await new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM })
    .setExpirationTime(`${SESSION_SECONDS}s`)
    .sign(sessionKey(token));
  return attributes(session, SESSION_SECONDS, secure);
}

export const endedSessionCookie = (secure: boolean): string => attributes('', 0, secure);

/** Without a path the browser takes that of the login page, whatever a proxy has put before it. */
const attributes = (value: string, maxAgeSeconds: number, secure: boolean): string =>
  [
    `${COOKIE}=${value}`,
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ].join('; ');

/** Whether the request's cookies hold a session that was made with this token and has not expired. */
export async function hasSession(cookies: string | undefined, token: string): Promise<boolean> {
  const session = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(cookies ?? '')?.[1];
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
}
