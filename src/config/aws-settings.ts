import { isLoopback } from './host-and-port.ts';
import type { Reader } from './reader.ts';
import { flag } from './value-parsers.ts';

export const ALLOW_PLAIN_HTTP = {
  name: 'AWS_ALLOW_PLAIN_HTTP',
  default: 'false',
  description:
    '`true`: http is allowed to an AWS endpoint on another machine. Messages and secrets then cross the network unencrypted.',
  parse: flag,
} as const;

/** Messages, keys and signed requests leave this machine only over TLS. */
export function refusePlainHttp(
  reader: Reader,
  endpoints: Readonly<Record<string, string | undefined>>,
): void {
  const isAllowed = reader.values({ ALLOW_PLAIN_HTTP }).ALLOW_PLAIN_HTTP;
  for (const [name, url] of Object.entries(endpoints)) {
    if (url === undefined || isAllowed || isSafe(url)) continue;
    reader.problem(
      name,
      `is http to another machine: use https, or allow it with ${ALLOW_PLAIN_HTTP.name}=true`,
    );
  }
}

const isSafe = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
};
