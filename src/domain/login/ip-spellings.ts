import { canonicalIp } from './ip-address.ts';

/** The characters of addresses: digits, hex, dots, colons, and the `x` of `0xC6`. */
const CANDIDATE = /[0-9A-Fa-fxX.:]{2,64}/g;
const QUAD = /^\d+\.\d+\.\d+\.\d+$/;
const V4_WITH_PORT = /^((?:\d+\.){3}\d+):\d*$/;
const V6_WITH_PORT = /^(.*:.*):\d{1,5}$/;
/** As in host names, and of a reverse lookup. */
const OTHER_QUAD = /(?<!\d)(\d{1,3})([-_,])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?!\d)/g;
const REVERSE = /(?<!\d)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa/gi;
const NUMERIC_V4 = /^(?:0[xX][0-9A-Fa-f]+|\d+)(?:\.(?:0[xX][0-9A-Fa-f]+|\d+)){0,3}$/;
/** IPv4 in IPv6 beside the mapped form: compatible (`::1.2.3.4`), NAT64, 6to4. */
const EMBEDDED_V4 =
  /^(?:::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$|^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/;

type Spelling = { ip: string; certain: boolean };

/**
 * Finds the addresses in a text, in canonical form. Certain: spellings that the job accepts, and the same with a port or
 * leading zeros, which it rejects. Not certain: octal, hexadecimal and whole numbers, an IPv6 address that ends like a
 * port, an IPv4 address inside an IPv6 one or a host name, and one with other separators.
 */
export function* ipSpellings(text: string): Generator<Spelling> {
  for (const [token] of text.matchAll(CANDIDATE)) {
    const trimmed = token.replace(/[.:]+$/, '');
    yield* spellingsOf(token);
    if (trimmed !== token) yield* spellingsOf(trimmed);
  }
  for (const [, a, , b, c, d] of text.matchAll(OTHER_QUAD)) {
    yield* likely(canonicalIp([a, b, c, d].join('.')));
  }
  for (const [, d, c, b, a] of text.matchAll(REVERSE)) {
    yield* likely(canonicalIp([a, b, c, d].join('.')));
  }
}

function* spellingsOf(token: string): Generator<Spelling> {
  const withPort = V4_WITH_PORT.exec(token)?.[1] ?? token;
  if (QUAD.test(withPort)) {
    const decimal = canonicalIp(withPort.replace(/(^|\.)0+(?=\d)/g, '$1'));
    if (decimal !== undefined) yield { ip: decimal, certain: true };
  }
  if (NUMERIC_V4.test(withPort)) yield* likely(numericV4(withPort));
  else if (token.includes(':')) {
    const ip = canonicalIp(token);
    if (ip !== undefined) {
      yield { ip, certain: true };
      yield* likely(embeddedV4(ip));
    }
    const beforePort = V6_WITH_PORT.exec(token)?.[1];
    if (beforePort !== undefined) yield* likely(canonicalIp(beforePort));
  }
}

function* likely(ip: string | undefined): Generator<Spelling> {
  if (ip !== undefined) yield { ip, certain: false };
}

/** `0xC6.0x33.0144.7` and 3325256711, as browsers read them (WHATWG URL). */
function numericV4(text: string): string | undefined {
  const url = `http://${text}/`;
  return URL.canParse(url) ? canonicalIp(new URL(url).hostname) : undefined;
}

function embeddedV4(ip: string): string | undefined {
  const groups = EMBEDDED_V4.exec(ip);
  const high = groups?.[1] ?? groups?.[3];
  const low = groups?.[2] ?? groups?.[4];
  if (high === undefined || low === undefined) return undefined;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
