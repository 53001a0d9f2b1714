import { isIPv4, isIPv6 } from 'node:net';

/** The whole of an IPv4-mapped address in canonical form. */
const IPV4_MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * Returns the canonical form of an address, so that all its spellings have the same masked value: an IPv6 address as the
 * WHATWG URL standard serializes it, and an IPv4-mapped address (`::ffff:1.2.3.4`) as IPv4. IPv4-compatible addresses
 * (`::1.2.3.4`) stay IPv6.
 * @returns undefined for anything else, including an address with a zone (`fe80::1%eth0`), which has a meaning only on one host
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const canonical = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
  const mapped = canonical === undefined ? null : IPV4_MAPPED.exec(canonical);
  return mapped ? mapped.slice(1).map(twoOctets).join('.') : canonical;
}

function twoOctets(hex: string): string {
  const number = Number.parseInt(hex, 16);
  return `${number >> 8}.${number & 255}`;
}
