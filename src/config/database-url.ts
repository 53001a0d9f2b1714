const IN_URL = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;
/** Other spellings of the same, which the driver would let win over ours. */
const ALSO_IN_URL = ['ssl', 'uselibpqcompat'] as const;
export type TlsParameters = Partial<Record<(typeof IN_URL)[number], string>>;

/** What a URL says of TLS, and the URL without it: the driver reads weaker modes than we take. */
export function takeTlsFromUrl(connectionString: string): {
  connectionString: string;
  host: string;
  tls: TlsParameters;
  /** `ssl=…`, which means too many things. */
  vague: boolean;
} {
  const url = new URL(connectionString);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const tls = Object.fromEntries(
    IN_URL.map((name) => [name, url.searchParams.get(name)]).filter(([, value]) => value),
  ) as TlsParameters;
  const vague = url.searchParams.has('ssl');
  const given = [...IN_URL, ...ALSO_IN_URL].filter((name) => url.searchParams.has(name));
  if (given.length === 0) return { connectionString, host, tls, vague };
  for (const name of given) url.searchParams.delete(name);
  return { connectionString: url.href, host, tls, vague };
}
