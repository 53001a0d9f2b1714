import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** An IPv6 host has no brackets. */
export type HostAndPort = { host: string; port: number };

/** Completes "must be an address, such as …". */
export const ADDRESS_RULE =
  'host:port without http:// or a slash, the host a name or an IP address (IPv6 in brackets), the port up to 65535';

/** Parses `host:port`, and `[host]:port` for IPv6. The port is optional if there is a default. */
export function parseHostAndPort(
  text: string,
  { defaultPort, minPort = 1 }: { defaultPort?: number; minPort?: 0 | 1 } = {},
): HostAndPort | undefined {
  const [, bracketed, plain = '', digits] =
    /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined || port < minPort || port > 65_535) return undefined;
  const host = bracketed ?? plain;
  return (bracketed === undefined ? isHost(plain) : isIPv6(bracketed)) ? { host, port } : undefined;
}

/**
 * Reports whether this is an address or a name, which may have underscores as containers' names do. A name whose last
 * label is a number is none: programs take it for an IPv4 address, such as `1.2.3` for 1.2.0.3.
 */
export function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true;
  const labels = host.replace(/\.$/, '').split('.');
  return (
    host.length <= 253 &&
    labels.every((label) => /^\w([\w-]{0,61}\w)?$/.test(label)) &&
    !/^(\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '')
  );
}

export const formatHostAndPort = ({ host, port }: HostAndPort): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** Reports whether packets to this host stay on this machine. */
export function isLoopback(host: string): boolean {
  const name = withoutBrackets(host).toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16);
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
// The addresses of AWS for the same purpose.
LINK_LOCAL.addSubnet('fd00:ec2::', 32, 'ipv6');

/** Reports whether packets to this host, an address, stay on its own network. */
export function isLinkLocal(host: string): boolean {
  const address = withoutBrackets(host);
  return isIP(address) !== 0 && LINK_LOCAL.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Reports whether what is sent to this URL crosses a network unencrypted. */
export function isPlainHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}
