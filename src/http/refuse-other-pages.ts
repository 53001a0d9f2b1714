import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/**
 * Nobody else's page sends our forms, such as one that logs a browser in.
 * @throws Refusal for a form of another page
 */
export function refuseOtherPages({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  const { origin, host } = headers;
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (own && (site === undefined || site === 'same-origin')) return;
  throw new Refusal(403, 'the form has to be that of this server');
}
