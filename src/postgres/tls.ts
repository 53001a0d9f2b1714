import { isIPv4 } from 'node:net';
import pg, { type ClientBase } from 'pg';
import { NO_TLS, PostgresTlsError } from '../errors/postgres-tls-error.ts';

/** Modes that are understood. The two in the middle encrypt without knowing to whom: read as the one that checks. */
export const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

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

/** This machine: a socket, or an address that no packet leaves it for. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  return (
    name.startsWith('/') ||
    ['', 'localhost', '::1'].includes(name.toLowerCase()) ||
    (isIPv4(name) && name.startsWith('127.'))
  );
}

const UNTRUSTED = /^(ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH)/;

function withReason(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.message === 'The server does not support SSL connections') {
    return new PostgresTlsError(NO_TLS);
  }
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && UNTRUSTED.test(code) ? new PostgresTlsError(code) : error;
}

type Connected = (error: Error | null, client?: ClientBase) => void;

/** Tells trouble with TLS from other trouble. */
export class TlsClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (!callback) {
      return super.connect().catch((error: unknown) => {
        throw withReason(error);
      });
    }
    super.connect((error: Error | null) => {
      if (error) callback(withReason(error) as Error);
      else callback(null, this);
    });
    return undefined;
  }
}
