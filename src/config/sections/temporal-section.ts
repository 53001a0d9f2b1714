import { isDeepStrictEqual } from 'node:util';
import { type LoadClientProfileOptions, loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { type Settings, section, type Values, Wrong } from '../declare-section.ts';
import { ADDRESS_RULE, isLoopback, parseHostAndPort } from '../host-and-port.ts';
import { readTextFile } from '../read-secret-file.ts';
import type { Environment } from '../reader.ts';
import {
  certificate,
  fileWith,
  flag,
  line,
  matching,
  privateKey,
  readableFile,
  wholeNumber,
} from '../value-parsers.ts';

const DEFAULT_PORT = 7233;

const NOT_AN_ADDRESS = `must be an address, such as localhost:7233: ${ADDRESS_RULE}`;

const parseAddress = (text: string): string | Wrong =>
  parseHostAndPort(text, { defaultPort: DEFAULT_PORT }) ? text : new Wrong(NOT_AN_ADDRESS);

const parseNamespace = matching(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
  'the name of a namespace: letters, digits, ".", "_" and "-"',
);

const SETTINGS = {
  address: {
    name: 'TEMPORAL_ADDRESS',
    usedByLibrary: true,
    default: 'localhost:7233',
    description: 'Address of the Temporal frontend, host:port.',
    parse: parseAddress,
  },
  namespace: {
    name: 'TEMPORAL_NAMESPACE',
    usedByLibrary: true,
    default: 'default',
    description: 'Temporal namespace.',
    parse: parseNamespace,
  },
  custodianNamespace: {
    name: 'TEMPORAL_CUSTODIAN_NAMESPACE',
    description:
      "Custodians only: the namespace of the custodian's worker and of rotations, if it is not TEMPORAL_NAMESPACE, where ingestion runs. The custodian reads both.",
    parse: parseNamespace,
  },
  apiKey: {
    name: 'TEMPORAL_API_KEY',
    secret: true,
    usedByLibrary: true,
    description: 'API key, for Temporal Cloud.',
    parse: matching(/^[\x21-\x7e]+$/, 'printable characters without spaces'),
  },
  allowPlainApiKey: {
    name: 'TEMPORAL_ALLOW_PLAIN_API_KEY',
    default: 'false',
    description:
      '`true`: TEMPORAL_API_KEY may be sent to another machine without TLS, readable for everyone on the network path.',
    parse: flag,
  },
  tls: {
    name: 'TEMPORAL_TLS',
    usedByLibrary: true,
    description:
      '`true` or `false`. With TEMPORAL_API_KEY, or one of the next three settings, TLS is on unless this is `false`.',
    parse: matching(/^(true|false|1|0)$/, 'true or false'),
  },
  clientCert: {
    name: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
    description:
      "Mutual TLS: file with the client's certificate. Where it was replaced, CREDENTIALS_REFUSED_EXIT_SECONDS also counts an unreachable Temporal.",
    parse: fileWith(certificate),
  },
  clientKey: {
    name: 'TEMPORAL_TLS_CLIENT_KEY_PATH',
    description: 'Mutual TLS: file with the key of that certificate.',
    parse: fileWith(privateKey),
  },
  serverCa: {
    name: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    description: 'File with the CA certificate of the server, if its CA is not public.',
    parse: fileWith(certificate),
  },
  deploymentName: {
    name: 'TEMPORAL_DEPLOYMENT_NAME',
    example: 'login-etl',
    description:
      'Worker versioning: the name of the worker deployment. A run stays on the build that started it, and none starts before `login-etl deployment set-current`. Not set: no versioning.',
    parse: matching(/^[\w-]{1,200}$/, 'letters, digits, "_" and "-"'),
  },
  buildId: {
    name: 'TEMPORAL_WORKER_BUILD_ID',
    example: '2026-11-27.1',
    description:
      'With TEMPORAL_DEPLOYMENT_NAME: the build of this worker, such as a tag of its image.',
    parse: matching(/^[\w.-]{1,200}$/, 'letters, digits, ".", "_" and "-"'),
  },
  recoveryWindowDays: {
    name: 'RECOVERY_WINDOW_DAYS',
    default: '1',
    description:
      "How old a restore point may be when `login-etl recover` begins: the time between backups, plus the days to notice. `doctor` and an alert compare it with the namespace's retention.",
    parse: wholeNumber(1, 365),
  },
  profile: {
    name: 'TEMPORAL_PROFILE',
    usedByLibrary: true,
    description: "A profile of Temporal's own configuration file (TEMPORAL_CONFIG_FILE).",
    parse: line,
  },
  configFile: {
    name: 'TEMPORAL_CONFIG_FILE',
    description: "Temporal's own configuration file, if it is not at the usual path.",
    parse: readableFile,
  },
} as const satisfies Settings;

type Tls = NonNullable<NativeConnectionOptions['tls']>;
export type WorkerVersion = { deploymentName: string; buildId: string };

type TemporalSettings = {
  connectionOptions: NativeConnectionOptions;
  /** Of ingestion. */
  namespace: string;
  /** Of rotations; by default the same. */
  custodianNamespace: string;
  recoveryWindowDays: number;
  /** With worker versioning: which version this worker is. */
  version?: WorkerVersion;
  /** Reads TEMPORAL_API_KEY_FILE again with each call. */
  currentApiKey?: () => string | undefined;
  /** The SDK cannot replace the certificates of a connection. */
  tlsFilesReplaced?: () => boolean;
};

/** Temporal's library reads its settings and profiles; this section checks them and supports the key in a file. */
export const temporal = section<typeof SETTINGS, TemporalSettings>(
  'Temporal',
  SETTINGS,
  (values, reader) => {
    const { deploymentName, buildId } = values;
    const before = reader.problems.length;
    // Reads each value, and so checks it.
    Object.values(values);
    if (reader.problems.length > before) return undefined;
    for (const [together, why] of [
      [CLIENT_PAIR, 'certificate and key go together'],
      [VERSION_PAIR, `${VERSION_PAIR.map(({ name }) => name).join(' and ')} go together`],
    ] as const) {
      if (!together.some(({ name }) => reader.given(name))) continue;
      for (const setting of together) reader.missing(setting, why);
    }
    try {
      const load = () => loadClientConnectConfig(sources(values, reader.env));
      const { connectionOptions, namespace = SETTINGS.namespace.default } = load();
      const { address, apiKey, metadata, tls } = connectionOptions;
      const parsed = parseHostAndPort(address ?? SETTINGS.address.default, {
        defaultPort: DEFAULT_PORT,
      });
      if (!parsed) {
        reader.problem(SETTINGS.address.name, `is in the profile, and ${NOT_AN_ADDRESS}`);
      } else if (!tls && !isLoopback(parsed.host) && !values.allowPlainApiKey) {
        const { name } = SETTINGS.allowPlainApiKey;
        const headers = Object.keys(metadata ?? {}).map(headerSetting);
        for (const sent of [...(apiKey ? [SETTINGS.apiKey.name] : []), ...headers]) {
          reader.problem(
            sent,
            `is sent without TLS to another machine: set TEMPORAL_TLS=true, or allow it with ${name}=true`,
          );
        }
      }
      for (const [header, value] of Object.entries(metadata ?? {})) {
        if (/^[\x20-\x7e]*$/.test(String(value))) continue;
        reader.problem(headerSetting(header), 'must be one line of printable characters');
      }
      return {
        connectionOptions: {
          ...connectionOptions,
          ...(tls && { tls: withoutByteOrderMarks(tls) }),
        },
        namespace,
        custodianNamespace: values.custodianNamespace ?? namespace,
        recoveryWindowDays: values.recoveryWindowDays,
        ...(deploymentName && buildId && { version: { deploymentName, buildId } }),
        ...(tls instanceof Object && {
          tlsFilesReplaced: () => isReplaced(tls, () => load().connectionOptions.tls),
        }),
        ...(reader.fileGiven(SETTINGS.apiKey.name) && {
          currentApiKey: reader.current(SETTINGS.apiKey, values.apiKey),
        }),
      };
    } catch (error) {
      reader.problem(
        SETTINGS.configFile.name,
        `or TEMPORAL_PROFILE: the profile cannot be read (${(error as Error).name})`,
      );
      return undefined;
    }
  },
);

/** A header may hold a token. It comes from this variable, or from `grpc_meta` of the profile. */
const headerSetting = (header: string): string =>
  `TEMPORAL_GRPC_META_${header.toUpperCase().replaceAll('-', '_')}`;

const CLIENT_PAIR = [SETTINGS.clientCert, SETTINGS.clientKey];
const VERSION_PAIR = [SETTINGS.deploymentName, SETTINGS.buildId];

function sources(values: Values<typeof SETTINGS>, env: Environment): LoadClientProfileOptions {
  const given: Environment = { ...env, TEMPORAL_API_KEY: values.apiKey };
  return {
    ...(values.configFile && { configSource: { data: readTextFile(values.configFile) } }),
    overrideEnvVars: Object.fromEntries(
      Object.entries(given).flatMap(([name, value = '']) =>
        value.trim() === '' ? [] : [[name, value.trim()]],
      ),
    ),
  };
}

function isReplaced(atStart: Tls, now: () => Tls | null | undefined): boolean {
  try {
    return !isDeepStrictEqual(now(), atStart);
  } catch {
    // The files are being replaced.
    return false;
  }
}

/** The library does not strip a byte-order mark, which makes the PEM invalid. */
function withoutByteOrderMarks(tls: Tls): Tls {
  if (typeof tls === 'boolean') return tls;
  const { serverRootCACertificate: ca, clientCertPair: pair } = tls;
  const clean = (pem: Uint8Array) => Buffer.from(new TextDecoder().decode(pem));
  return {
    ...tls,
    ...(ca && { serverRootCACertificate: clean(ca) }),
    ...(pair && { clientCertPair: { crt: clean(pair.crt), key: clean(pair.key) } }),
  };
}
