import type { ConnectionOptions } from 'node:tls';
import type { PostgresSettings } from '../../postgres/tls.ts';
import { type DatabaseUrl, type Parameter, parseDatabaseUrl } from '../database-url.ts';
import { type Parse, type Settings, section, type Values, Wrong } from '../declare-section.ts';
import { type HostAndPort, isHost, isLoopback } from '../host-and-port.ts';
import { type Environment, Reader } from '../reader.ts';
import {
  certificate,
  fileWith,
  line,
  matching,
  oneOf,
  privateKey,
  wholeNumber,
} from '../value-parsers.ts';

/** In libpq `require` and `verify-ca` do not check the host name; here they mean `verify-full`. */
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type TlsMode = (typeof TLS_MODES)[number];

function parseTlsMode(text: string): TlsMode | Wrong {
  const mode = TLS_MODES.find((known) => known === text);
  return (
    mode ?? new Wrong(`must be ${TLS_MODES.join(', ')}: others take any server for the right one`)
  );
}

const DEFAULT_PORT = 5_432;
const parseTarget = oneOf('any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby');

const portList = (text: string): string | Wrong =>
  text.split(',').every((port) => port === '' || !(wholeNumber(1, 65_535)(port) instanceof Wrong))
    ? text
    : new Wrong('must be a whole number from 1 to 65535, or several separated by commas');

const certificateFile = fileWith(certificate);
const keyFile = fileWith(privateKey);

/** `system` is libpq's value for the system's CAs, which are the default here. */
const caFile = (path: string): string | undefined | Wrong =>
  path === 'system' ? undefined : certificateFile(path);

const SETTINGS = {
  url: {
    name: 'DATABASE_URL',
    secret: true,
    required: { why: 'where the rows go', unless: 'PGHOST' },
    example: 'postgres://login_etl:password@127.0.0.1:5432/logins',
    description:
      "URL of the Postgres database, or use libpq's PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE. Several hosts, separated by commas, are tried in order; `?target_session_attrs=read-write` selects the first that is the primary.",
    parse: parseDatabaseUrl,
  },
  host: {
    name: 'PGHOST',
    description: 'Host or hosts, if DATABASE_URL names none.',
    parse: matching(
      /^(\/[^\p{Cc},]*|[\w.:[\]-]*)(,(\/[^\p{Cc},]*|[\w.:[\]-]*))*$/u,
      'a host, or several separated by commas',
    ),
  },
  port: {
    name: 'PGPORT',
    default: '5432',
    description: 'With PGHOST: one port for all hosts, or one for each host.',
    parse: portList,
  },
  target: {
    name: 'PGTARGETSESSIONATTRS',
    description:
      'Which of several hosts to use, as in libpq: `any`, `read-write`, `read-only`, `primary`, `standby` or `prefer-standby`.',
    parse: parseTarget,
  },
  user: { name: 'PGUSER', description: 'With PGHOST: the user.', parse: line },
  password: {
    name: 'PGPASSWORD',
    secret: true,
    description: 'With PGHOST: the password.',
    parse: line,
  },
  database: { name: 'PGDATABASE', description: 'With PGHOST: the database.', parse: line },
  sslmode: {
    name: 'PGSSLMODE',
    description:
      '`verify-full` (the default for a server on another machine) or `disable`. `?sslmode=…` in DATABASE_URL takes precedence. The weaker `require` and `verify-ca` mean `verify-full` here.',
    parse: parseTlsMode,
  },
  sslrootcert: {
    name: 'PGSSLROOTCERT',
    description:
      'File with the CA certificate of the server, if its CA is not public. In DATABASE_URL: `?sslrootcert=…`.',
    parse: caFile,
  },
  sslcert: {
    name: 'PGSSLCERT',
    description: 'File with a client certificate, for servers that require one.',
    parse: certificateFile,
  },
  sslkey: {
    name: 'PGSSLKEY',
    description: 'With PGSSLCERT: its private key. New connections read the three files again.',
    parse: keyFile,
  },
} as const satisfies Settings;

type PostgresValues = Values<typeof SETTINGS>;

/** DATABASE_URL takes precedence over the variables of libpq. */
export const postgres = section<typeof SETTINGS, PostgresSettings>(
  'Postgres',
  SETTINGS,
  (values, reader) => {
    const { url } = values;
    if (!url && (reader.given(SETTINGS.url.name) || values.host === undefined)) return undefined;
    const { parameters = {}, database = values.database } = url ?? {};
    const inUrl = parametersIn(parameters, reader);
    const hosts = readHosts(values, reader);
    const [first = { host: 'localhost', port: DEFAULT_PORT }, ...others] = hosts;
    const targetSessionAttrs =
      inUrl('target_session_attrs', parseTarget, () => values.target) ?? 'any';
    const seconds = inUrl('connect_timeout', wholeNumber(1, 300), () => undefined);
    const direct = inUrl('sslnegotiation', oneOf('postgres', 'direct'), () => undefined);
    const { application_name, options } = parameters;
    const current = readCurrent(values, reader, hosts);
    return {
      ...first,
      ...current,
      ...(database && { database }),
      ...(application_name && { application_name }),
      ...(options && { options }),
      ...(seconds && { connectionTimeoutMillis: seconds * 1_000 }),
      ...(direct && { sslnegotiation: direct }),
      ...((others.length > 0 || targetSessionAttrs !== 'any') && {
        choice: { hosts, targetSessionAttrs },
      }),
      ...((hasFiles(current.ssl) || SECRETS.some(({ name }) => reader.fileGiven(name))) && {
        current: rereading(current, reader.env, hosts),
      }),
    };
  },
);

const SECRETS = [SETTINGS.url, SETTINGS.password];

const hasFiles = (tls: false | ConnectionOptions): boolean =>
  Boolean(tls && (tls.ca ?? tls.cert ?? tls.key));

type Current = { user?: string; password?: string; ssl: false | ConnectionOptions };

/** What may be replaced while the program runs. */
function readCurrent(
  values: PostgresValues,
  reader: Reader,
  hosts: readonly HostAndPort[],
): Current {
  const { parameters = {}, user = values.user, password = values.password } = values.url ?? {};
  return {
    ...(user && { user }),
    ...(password && { password }),
    ssl: readTls(values, parametersIn(parameters, reader), hosts),
  };
}

/** Reads the files again with each call. While one is missing or invalid, the last values are kept. */
function rereading(first: Current, env: Environment, hosts: readonly HostAndPort[]): () => Current {
  let latest = first;
  return () => {
    const reader = new Reader(env);
    const current = readCurrent(reader.values(SETTINGS), reader, hosts);
    if (reader.problems.length === 0) latest = { ...latest, ...current };
    return latest;
  };
}

/** Hosts and ports are lists, as in libpq: one port for all hosts, or one for each. */
function readHosts(values: PostgresValues, reader: Reader): HostAndPort[] {
  const inUrl = values.url;
  const hosts = (inUrl?.hosts ?? values.host ?? 'localhost').split(',');
  const ports = (inUrl?.ports ?? values.port)
    .split(',')
    .map((port) => (port === '' ? DEFAULT_PORT : Number(port)));
  const name = inUrl?.ports === undefined ? SETTINGS.port.name : SETTINGS.url.name;
  if (!ports.every((port) => port >= 1 && port <= 65_535)) {
    reader.problem(name, 'has a port that is not a whole number from 1 to 65535');
  }
  if (ports.length !== 1 && ports.length !== hosts.length) {
    reader.problem(name, 'must have one port, or one for each host');
  }
  const plainHosts = hosts.map((host) => host.replace(/^\[(.*)\]$/, '$1') || 'localhost');
  if (!plainHosts.every((host) => host.startsWith('/') || isHost(host))) {
    const { name } = inUrl?.hosts === undefined ? SETTINGS.host : SETTINGS.url;
    reader.problem(name, 'has a host that is neither a name nor an IP address');
  }
  return plainHosts.map((host, at) => ({
    host,
    port: (ports.length === 1 ? ports[0] : ports[at]) ?? DEFAULT_PORT,
  }));
}

type InUrl = <T>(name: Parameter, parse: Parse<T>, variable: () => T | undefined) => T | undefined;

/** Reads a parameter of DATABASE_URL, else the variable. */
function parametersIn(parameters: DatabaseUrl['parameters'], reader: Reader): InUrl {
  return (name, parse, variable) => {
    const text = parameters[name];
    if (text === undefined) return variable();
    const value = parse(text);
    if (!(value instanceof Wrong)) return value;
    for (const problem of value.problems) {
      reader.problem(SETTINGS.url.name, `has a wrong ${name}: it ${problem}`);
    }
    return undefined;
  };
}

/**
 * Always set, since the driver's default is no TLS. Without a mode, TLS with a checked certificate is used, except on
 * this machine, where only a given CA enables TLS.
 */
function readTls(
  values: PostgresValues,
  inUrl: InUrl,
  hosts: readonly HostAndPort[],
): false | ConnectionOptions {
  const mode = inUrl('sslmode', parseTlsMode, () => values.sslmode);
  const ca = inUrl('sslrootcert', caFile, () => values.sslrootcert);
  const cert = inUrl('sslcert', certificateFile, () => values.sslcert);
  const key = inUrl('sslkey', keyFile, () => values.sslkey);
  const isLocal = hosts.every(({ host }) => host.startsWith('/') || isLoopback(host));
  if (mode === 'disable' || (mode === undefined && !ca && isLocal)) return false;
  return {
    rejectUnauthorized: true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}
