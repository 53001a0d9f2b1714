import type { ConnectionOptions } from 'node:tls';
import type { PoolConfig } from 'pg';
import { type TlsParameters, takeTlsFromUrl } from '../database-url.ts';
import { type Settings, section, type Values, Wrong } from '../declare-section.ts';
import { isLoopback } from '../host-and-port.ts';
import type { Reader } from '../reader.ts';
import { certificate, fileWith, line, privateKey, wholeNumber } from '../value-parsers.ts';

/** The two in the middle encrypt without knowing to whom: they are read as the one that checks. */
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type TlsMode = (typeof TLS_MODES)[number];

function parseTlsMode(text: string): TlsMode | Wrong {
  const mode = TLS_MODES.find((known) => known === text);
  return (
    mode ?? new Wrong(`must be ${TLS_MODES.join(', ')}: others take any server for the right one`)
  );
}

const certificateFile = fileWith(certificate);
const keyFile = fileWith(privateKey);

/** `system` is libpq's word for the CAs that the system trusts, which is what counts without one. */
const caFile = (path: string): string | undefined | Wrong =>
  path === 'system' ? undefined : certificateFile(path);

const SETTINGS = {
  url: {
    name: 'DATABASE_URL',
    secret: true,
    required: { why: 'where the rows go', unless: 'PGHOST' },
    example: 'postgres://login_etl:password@127.0.0.1:5432/logins',
    description: "Postgres. Instead of it, libpq's PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.",
    parse: (text: string) =>
      /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
        ? takeTlsFromUrl(text)
        : new Wrong('is not a postgres:// URL'),
  },
  host: {
    name: 'PGHOST',
    description: 'Used when DATABASE_URL is not set.',
    parse: line,
  },
  port: {
    name: 'PGPORT',
    default: '5432',
    description: 'With PGHOST.',
    parse: wholeNumber(1, 65_535),
  },
  user: { name: 'PGUSER', description: 'With PGHOST.', parse: line },
  password: { name: 'PGPASSWORD', secret: true, description: 'With PGHOST.', parse: line },
  database: { name: 'PGDATABASE', description: 'With PGHOST.', parse: line },
  sslmode: {
    name: 'PGSSLMODE',
    description:
      '`verify-full`, the default but on this machine, or `disable`. In DATABASE_URL: `?sslmode=…`, which wins. The weaker `require` and `verify-ca` are read as `verify-full`.',
    parse: parseTlsMode,
  },
  sslrootcert: {
    name: 'PGSSLROOTCERT',
    description:
      "File with the CA of the server's certificate, where it is not a public one. In DATABASE_URL: `?sslrootcert=…`.",
    parse: caFile,
  },
  sslcert: {
    name: 'PGSSLCERT',
    description:
      "File with a client's certificate, for servers that want one; PGSSLKEY has its key.",
    parse: certificateFile,
  },
  sslkey: { name: 'PGSSLKEY', description: 'With PGSSLCERT.', parse: keyFile },
} as const satisfies Settings;

export const postgres = section<typeof SETTINGS, PoolConfig>(
  'Postgres',
  SETTINGS,
  (values, reader) => {
    const { url } = values;
    if (url) {
      if (url.vague)
        reader.problem('DATABASE_URL', 'has ssl=…: say sslmode=verify-full or disable');
      // Where the URL names no host the driver takes this one.
      const ssl = readTls(values, reader, url.host || (values.host ?? ''), url.tls);
      return { connectionString: url.connectionString, ssl };
    }
    const { host } = values;
    if (host === undefined || reader.given('DATABASE_URL')) return undefined;
    const { port, user, password, database } = values;
    return {
      host,
      port,
      ...(user && { user }),
      ...(password && { password }),
      ...(database && { database }),
      ssl: readTls(values, reader, host, {}),
    };
  },
);

/**
 * Always stated, since the driver's own default is no TLS. Without a mode: checked TLS, but not on this machine, where
 * it takes a CA to ask for it.
 */
function readTls(
  values: Values<typeof SETTINGS>,
  reader: Reader,
  host: string,
  inUrl: TlsParameters,
): false | ConnectionOptions {
  /** What the URL says wins over the variable. */
  const given = <T>(
    name: keyof TlsParameters,
    parse: (text: string) => T | Wrong,
    variable: () => T | undefined,
  ): T | undefined => {
    const text = inUrl[name];
    if (text === undefined) return variable();
    const value = parse(text);
    if (!(value instanceof Wrong)) return value;
    for (const problem of value.problems) reader.problem('DATABASE_URL', `${name} ${problem}`);
    return undefined;
  };
  const mode = given('sslmode', parseTlsMode, () => values.sslmode);
  const ca = given('sslrootcert', caFile, () => values.sslrootcert);
  const cert = given('sslcert', certificateFile, () => values.sslcert);
  const key = given('sslkey', keyFile, () => values.sslkey);
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host);
  if (mode === 'disable' || (mode === undefined && !ca && isLocal)) return false;
  return {
    rejectUnauthorized: true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}
