import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { type Settings, section, Wrong } from '../declare-section.ts';
import { parseHostAndPort } from '../host-and-port.ts';
import { line, matching } from '../value-parsers.ts';

const DEFAULT_PORT = 7233;

const NOT_AN_ADDRESS = 'must be host:port, such as localhost:7233: no http://, no slash at the end';

const parseAddress = (text: string): string | Wrong =>
  parseHostAndPort(text, DEFAULT_PORT) ? text : new Wrong(NOT_AN_ADDRESS);

const SETTINGS = {
  address: {
    name: 'TEMPORAL_ADDRESS',
    usedByLibrary: true,
    default: 'localhost:7233',
    description: 'Temporal frontend, host:port.',
    parse: parseAddress,
  },
  namespace: {
    name: 'TEMPORAL_NAMESPACE',
    usedByLibrary: true,
    default: 'default',
    description: 'Temporal namespace.',
    parse: matching(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
      'the name of a namespace: letters, digits, ".", "_" and "-"',
    ),
  },
  apiKey: {
    name: 'TEMPORAL_API_KEY',
    secret: true,
    usedByLibrary: true,
    description: 'For Temporal Cloud with API keys.',
    parse: matching(/^[\x21-\x7e]+$/, 'printable characters without spaces'),
  },
  tls: {
    name: 'TEMPORAL_TLS',
    usedByLibrary: true,
    description:
      'And TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH, TEMPORAL_TLS_SERVER_CA_CERT_PATH, …: mTLS.',
    parse: matching(/^(true|false|1|0)$/, 'true or false'),
  },
  profile: {
    name: 'TEMPORAL_PROFILE',
    usedByLibrary: true,
    description: "A profile of Temporal's own configuration file (TEMPORAL_CONFIG_FILE).",
    parse: line,
  },
} as const satisfies Settings;

export type TemporalSettings = { connectionOptions: NativeConnectionOptions; namespace: string };

/** Temporal's own library reads its settings and profiles; here they are checked, and the key may come from a file. */
export const temporal = section<typeof SETTINGS, TemporalSettings>(
  'Temporal',
  SETTINGS,
  (values, reader) => {
    const before = reader.problems.length;
    // Reads each value, and so checks it.
    Object.values(values);
    if (reader.problems.length > before) return undefined;
    const env = { ...reader.env, TEMPORAL_API_KEY: values.apiKey };
    try {
      const { connectionOptions, namespace } = loadClientConnectConfig({
        overrideEnvVars: Object.fromEntries(
          Object.entries(env).filter((entry): entry is [string, string] =>
            Boolean(entry[1]?.trim()),
          ),
        ),
      });
      const { address } = connectionOptions;
      if (address !== undefined && parseAddress(address) instanceof Wrong) {
        reader.problem(SETTINGS.address.name, `is in the profile, and ${NOT_AN_ADDRESS}`);
      }
      return { connectionOptions, namespace: namespace ?? SETTINGS.namespace.default };
    } catch (error) {
      reader.problem(
        'TEMPORAL_*',
        `could not be read (${(error as Error).name}): check the profile`,
      );
      return undefined;
    }
  },
);
