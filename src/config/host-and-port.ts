import { isIPv4, isIPv6 } from 'node:net';

/** An IPv6 host has no brackets. */
export type HostAndPort = { host: string; port: number };

/** Parses `host:port`, and `[host]:port` for IPv6. The port is optional if there is a default. */
export function parseHostAndPort(text: string, defaultPort?: number): HostAndPort | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host, port };
}

export const formatHostAndPort = ({ host, port }: HostAndPort): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** Reports whether packets to this host stay on this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
