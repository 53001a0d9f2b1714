import { type Parse, Wrong } from './declare-section.ts';

/** Parts that are missing from the URL are undefined and come from the PG* variables. */
export type DatabaseUrl = {
  user?: string;
  password?: string;
  /** Comma-separated if there are several, as the ports. */
  hosts?: string;
  ports?: string;
  database?: string;
  parameters: Readonly<Partial<Record<Parameter, string>>>;
};

/** libpq's parameters that are supported here. */
const PARAMETERS = [
  ...['host', 'port', 'user', 'password', 'dbname', 'target_session_attrs'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'],
  ...['application_name', 'connect_timeout', 'options'],
] as const;
export type Parameter =
  | ('host' | 'port' | 'user' | 'password' | 'dbname' | 'target_session_attrs')
  | ('sslmode' | 'sslrootcert' | 'sslcert' | 'sslkey' | 'sslnegotiation')
  | ('application_name' | 'connect_timeout' | 'options');

/** A parameter of the driver, which has no effect here: TLS checks stay as strict. */
const IGNORED = 'uselibpqcompat';

const SHAPE =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]*)(?:\/(?<database>[^@/?#]*))?(?:\?(?<query>[^@?#]*))?$/;
const HOST = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/;

const NOT_A_URL = new Wrong(
  'is not a URL such as postgres://user:password@host:5432/database. Percent-encode #, ?, /, % and @ in its parts, as in a password: %23, %3F, %2F, %25 and %40',
);

/** Parses the URL as libpq does. It holds a password, so problems repeat at most the name of a parameter. */
export const parseDatabaseUrl: Parse<DatabaseUrl> = (text) => {
  const groups = SHAPE.exec(text)?.groups;
  const hosts = groups?.hosts?.split(',').map((host) => HOST.exec(host)?.groups);
  if (!groups || !hosts?.every((host) => host !== undefined)) return NOT_A_URL;
  const parameters = parseParameters(groups.query ?? '');
  if (parameters instanceof Wrong) return parameters;
  try {
    const user = parameters.user ?? decodeURIComponent(groups.user ?? '');
    const password = parameters.password ?? decodeURIComponent(groups.password ?? '');
    const named = hosts.map(({ v6, name = '' }) => v6 ?? decodeURIComponent(name)).join(',');
    const ports = parameters.port ?? hosts.map(({ port = '' }) => port).join(',');
    const database = parameters.dbname ?? decodeURIComponent(groups.database ?? '');
    return {
      parameters,
      ...(user && { user }),
      ...(password && { password }),
      ...((parameters.host ?? named) && { hosts: parameters.host ?? named }),
      ...(/[^,]/.test(ports) && { ports }),
      ...(database && { database }),
    };
  } catch {
    return NOT_A_URL;
  }
};

function parseParameters(query: string): DatabaseUrl['parameters'] | Wrong {
  if (/%(?![\da-fA-F]{2})/.test(query)) return NOT_A_URL;
  const found: Partial<Record<string, string>> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'ssl') return new Wrong('has ssl=…: say sslmode=verify-full or disable');
    if (name === IGNORED) continue;
    if (!PARAMETERS.some((known) => known === name)) {
      // An unusual name may be part of a password.
      const shown = /^[a-z][a-z_]{1,40}$/.test(name) ? ` ${name}` : '';
      return new Wrong(
        `has a parameter${shown} that is not supported: the known ones are ${PARAMETERS.join(', ')}`,
      );
    }
    if (value !== '') found[name] = value;
  }
  return found;
}
