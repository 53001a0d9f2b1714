import type { IncomingMessage } from 'node:http';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import { Refusal } from './refusal.ts';
import { isSameToken } from './same-token.ts';
import { hasSession } from './session-cookie.ts';
import { jwtVerifier } from './verify-jwt.ts';

/** Who asks, as the audit log has it. */
export type Caller = { name: string; by: 'token' | 'session' | 'jwt' };

export type Authenticate = (request: IncomingMessage) => Promise<Caller>;

/** Longer ones are no tokens. */
const MAX_TOKEN_LENGTH = 16_384;

export function authenticator({ token, jwt, uiOrigin }: CodecServerSettings): Authenticate {
  const verifyJwt = jwt && jwtVerifier(jwt);
  return async (request) => {
    const bearer = bearerToken(request);
    if (bearer !== undefined) {
      if (token && isSameToken(bearer, token.secret)) return { name: token.name, by: 'token' };
      const subject = await verifyJwt?.(bearer);
      if (subject !== undefined) return { name: subject, by: 'jwt' };
    }
    // A session counts for the Web UI's own pages only.
    const fromUi = uiOrigin !== undefined && request.headers.origin === uiOrigin;
    if (token && fromUi && (await hasSession(request.headers.cookie, token.secret))) {
      return { name: token.name, by: 'session' };
    }
    throw new Refusal(401, 'no token that counts here', {
      'www-authenticate': 'Bearer realm="login-etl codec server"',
    });
  };
}

/** With or without the scheme: `temporal --codec-auth` sends what it is given. */
function bearerToken({ headers }: IncomingMessage): string | undefined {
  const value = headers.authorization;
  if (value === undefined || value.length > MAX_TOKEN_LENGTH) return undefined;
  return /^(?:Bearer +)?(\S+)$/i.exec(value)?.[1];
}
