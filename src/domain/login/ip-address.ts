import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The one written form of an address, so that one device has one masked value: IPv4 as written, IPv6 as
 * RFC 5952 has it, and an IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) as the IPv4 address it is.
 * Returns undefined for what is no address; one with a zone (`fe80::1%eth0`) names an interface of one
 * host and is none.
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toRFC5952String();
}
