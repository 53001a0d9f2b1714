import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** What the Web UI sends; Authorization-Extras goes with its access token. */
const ALLOWED_HEADERS = [
  'authorization',
  'authorization-extras',
  'content-type',
  'x-namespace',
  'x-reason',
].join(', ');
const PREFLIGHT_SECONDS = 600;

/**
 * The headers that let pages of the Web UI's origin read an answer, and no others.
 * @throws Refusal for a page of any other origin
 */
export function crossOriginHeaders(
  request: IncomingMessage,
  uiOrigin: string | undefined,
): Record<string, string> {
  const vary = { vary: 'Origin' };
  const { origin } = request.headers;
  // The CLI sends none.
  if (origin === undefined) return vary;
  if (origin !== uiOrigin) throw new Refusal(403, 'pages of this origin may not ask', vary);
  return {
    ...vary,
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
  };
}

export const preflightHeaders = (): Record<string, string> => ({
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': ALLOWED_HEADERS,
  'access-control-max-age': String(PREFLIGHT_SECONDS),
});
