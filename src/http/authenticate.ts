import type { IncomingMessage } from 'node:http';
import type { JwtSettings } from '../config/http-server-settings.ts';
import { Refusal } from './refusal.ts';
import { tokenFinder } from './same-token.ts';
import { jwtVerifier } from './verify-jwt.ts';

/** Who asks, as the audit log has it. */
export type Caller = {
  name: string;
  by: 'token' | 'session' | 'jwt';
  scopes: ReadonlySet<string>;
};

export type Authenticate = (request: IncomingMessage) => Promise<Caller>;

export type Token = { name: string; secret: string; scopes?: readonly string[] };

export type Credentials = {
  tokens: () => readonly Token[];
  jwt?: JwtSettings | undefined;
  /** Names the server to a client that has sent no token. */
  realm: string;
  /** The token that the request's session was started with. */
  sessionToken?(request: IncomingMessage): Promise<Token | undefined>;
};

/** Longer ones are no tokens. */
const MAX_TOKEN_LENGTH = 16_384;

/** @throws Refusal when the request has no valid token or session */
export function authenticator({ tokens, jwt, realm, sessionToken }: Credentials): Authenticate {
  const findToken = tokenFinder(tokens);
  const verifyJwt = jwt && jwtVerifier(jwt);
  const known = ({ name, scopes = [] }: Token, by: Caller['by']): Caller => ({
    name,
    by,
    scopes: new Set(scopes),
  });
  return async (request) => {
    const bearer = bearerToken(request);
    if (bearer !== undefined) {
      const token = findToken(bearer);
      if (token) return known(token, 'token');
      const claims = await verifyJwt?.(bearer);
      if (claims) return { name: claims.subject, by: 'jwt', scopes: new Set(claims.scopes) };
    }
    const token = await sessionToken?.(request);
    if (token) return known(token, 'session');
    throw new Refusal(401, 'no token that counts here', {
      'www-authenticate': `Bearer realm="${realm}"`,
    });
  };
}

/** With or without the scheme: `temporal --codec-auth` sends what it is given. */
function bearerToken({ headers }: IncomingMessage): string | undefined {
  const value = headers.authorization;
  if (value === undefined || value.length > MAX_TOKEN_LENGTH) return undefined;
  return /^(?:Bearer +)?(\S+)$/i.exec(value)?.[1];
}
