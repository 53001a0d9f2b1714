import type { FastifyRequest } from 'fastify';
import type { ApiToken } from '../../config/sections/api-section.ts';
import { sessions } from '../../http/session-cookie.ts';

export const API_SESSIONS = sessions('login_etl_api', 'api');

/** The token that the browser's session was started with. */
export async function sessionToken(
  { headers }: Pick<FastifyRequest, 'headers'>,
  tokens: readonly ApiToken[],
): Promise<ApiToken | undefined> {
  if (headers.cookie === undefined) return undefined;
  for (const token of tokens) {
    if (await API_SESSIONS.has(headers.cookie, token.secret)) return token;
  }
  return undefined;
}
