import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { parseEnv } from 'node:util';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { PoolConfig } from 'pg';
import { type Keyring, type KeyUse, keyInBoth, parseKeyring } from '../crypto/keys/keyring.ts';
import { parseVaultPublicKey, type VaultPublicKey } from '../crypto/vault/vault-envelope.ts';
import { parseVaultPrivateKey } from '../crypto/vault/vault-opener.ts';
import type { VaultKeySource } from '../crypto/vault/vault-private-key.ts';
import { type MaskingMode, UNKEYED_ID } from '../domain/login/masking.ts';
import { isLocalHost, TLS_MODES, type TlsParameters, takeTlsFromUrl } from '../postgres/tls.ts';
import type { SqsSettings } from '../queue/sqs-client.ts';
import { type CodecServerSettings, readCodecServer } from './codec-server-section.ts';
import { readSecret } from './secrets-manager/read-secret.ts';
import { SETTINGS, type Section } from './settings.ts';

export type Config = {
  sqs: SqsSettings;
  postgres: PoolConfig;
  temporal: { connectionOptions: NativeConnectionOptions; namespace: string };
  masking: { mode: MaskingMode; keys?: Keyring; keySince?: Date };
  payloads: { keys: Keyring };
  vault: { publicKey: VaultPublicKey };
  /** What opens the vault. */
  custodian: VaultKeySource;
  codecServer: CodecServerSettings;
  worker: {
    /** Two ways for the same metrics: one of them, or none. */
    metricsAddress?: string;
    otlp?: { url: string; headers: Record<string, string> };
    healthAddress?: HostAndPort;
    sampleSeconds: number;
    shutdownGraceSeconds: number;
    workflowBundlePath?: string;
    logLevel: LogLevel;
    /** Left out: by where the log goes. */
    logFormat?: LogFormat;
  };
};

export type HostAndPort = { host: string; port: number };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Lists every problem at once, by the setting's name and never with its value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration is not complete:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Takes settings from a file of NAME=VALUE lines; what is already set wins. */
export function loadEnvironmentFile(path: string): void {
  process.loadEnvFile(path);
}

/** Settings that shells have set for other programs as well: they don't say that this one is configured. */
const SHARED = /^(AWS_REGION|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|PG[A-Z]+)$/;

/** Whether there is a setting that is meant for us: if so, no local default takes over. */
export function isConfigured(env: Environment = process.env): boolean {
  return SETTINGS.some(
    ({ name, section }) =>
      section !== 'worker' &&
      !SHARED.test(name) &&
      (env[name] !== undefined || env[`${name}_FILE`] !== undefined),
  );
}

/** Variables that could point us, or a library of ours, at something. */
const POINTING =
  /^(AWS_|SQS_|DATABASE_URL|PG|TEMPORAL_|MASKING_|PAYLOAD_|VAULT_|CODEC_SERVER_|WORKER_|LOG_(LEVEL|FORMAT)$)/;

/** Our environment without any of them, and with these settings: for what must talk to one stack only. */
export function environmentWithOnly(settings: Environment): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !POINTING.test(name));
  return { ...Object.fromEntries(others), ...settings };
}

/** Takes settings from a file of NAME=VALUE lines in place of all that are set. */
export function adoptEnvironmentFile(path: string): void {
  const environment = environmentWithOnly(parseEnv(readFileSync(path, 'utf8')));
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) delete process.env[name];
  }
  Object.assign(process.env, environment);
}

/** For what starts other programs: the whole environment, handed on as it is. */
export const inheritedEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env });

/** What a person edits text with, as a shell would run it. */
export const editorCommand = (env: Environment = process.env): string =>
  env.VISUAL?.trim() || env.EDITOR?.trim() || 'vi';

/**
 * Reads the sections asked for.
 * @throws ConfigError naming each setting that is missing or wrong
 */
export function loadConfig<S extends Section>(
  sections: readonly S[],
  env: Environment = process.env,
): Pick<Config, S> {
  const read = new Reader(env);
  const asked: ReadonlySet<Section> = new Set(sections);
  const readers: { [K in Section]: () => Config[K] | undefined } = {
    sqs: () => readSqs(read),
    postgres: () => readPostgres(read),
    temporal: () => readTemporal(read),
    masking: () => readMasking(read),
    payloads: () => readPayloadKeys(read),
    vault: () => readVault(read),
    custodian: () => readCustodian(read),
    codecServer: () => readCodecServer(read),
    worker: () => readWorker(read),
  };
  if (asked.has('worker') && !asked.has('custodian')) refusePrivateKey(read);
  const config = Object.fromEntries(sections.map((section) => [section, readers[section]()]));
  refuseSharedKey(read, config);
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return config as Pick<Config, S>;
}

class Reader {
  readonly problems: string[] = [];
  readonly env: Environment;
  constructor(env: Environment) {
    this.env = env;
  }

  text(name: string): string | undefined {
    const value = this.env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** NAME, or the content of the file that NAME_FILE names. */
  secret(name: string): string | undefined {
    const path = this.text(`${name}_FILE`);
    if (path === undefined) return this.text(name);
    if (this.text(name) !== undefined) {
      this.problem(name, `is set, and ${name}_FILE too: keep one of them`);
      return undefined;
    }
    try {
      const content = readFileSync(path, 'utf8').trim();
      if (content === '') this.problem(`${name}_FILE`, 'names a file that is empty');
      return content || undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'error';
      this.problem(`${name}_FILE`, `names a file that cannot be read (${code})`);
      return undefined;
    }
  }

  wholeNumber(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    this.problem(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  problem(name: string, what: string): void {
    this.problems.push(`${name} ${what}`);
  }

  /** Whether the setting, or its file, was given at all: then a problem is already listed. */
  given(name: string): boolean {
    return this.text(name) !== undefined || this.text(`${name}_FILE`) !== undefined;
  }
}

function readSqs(read: Reader): Config['sqs'] {
  const region = read.text('AWS_REGION');
  if (region === undefined) read.problem('AWS_REGION', 'is not set: the region of the queue');
  const endpoint = read.text('AWS_ENDPOINT_URL_SQS');
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    read.problem('AWS_ENDPOINT_URL_SQS', 'is not an http(s) URL');
  }
  const url = read.text('SQS_QUEUE_URL');
  if (url !== undefined && !isHttpUrl(url)) read.problem('SQS_QUEUE_URL', 'is not an http(s) URL');
  const visibility = read.wholeNumber('SQS_VISIBILITY_TIMEOUT_SECONDS', 1, 43_200);
  return {
    region: region ?? '',
    queue: url ? { url } : { name: read.text('SQS_QUEUE_NAME') ?? 'login-queue' },
    ...(endpoint && { endpoint }),
    ...(visibility && { visibilityTimeoutSeconds: visibility }),
  };
}

function readPostgres(read: Reader): Config['postgres'] {
  const connectionString = read.secret('DATABASE_URL');
  if (connectionString !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(connectionString) || !URL.canParse(connectionString)) {
      read.problem('DATABASE_URL', 'is not a postgres:// URL');
      return {};
    }
    const url = takeTlsFromUrl(connectionString);
    if (url.vague) read.problem('DATABASE_URL', 'has ssl=…: say sslmode=verify-full or disable');
    // Where the URL names no host the driver takes this one.
    const ssl = readTls(read, url.host || (read.text('PGHOST') ?? ''), url.tls);
    return { connectionString: url.connectionString, ssl };
  }
  const host = read.text('PGHOST');
  if (host === undefined) {
    if (!read.given('DATABASE_URL')) {
      read.problem('DATABASE_URL', 'is not set (nor is PGHOST): where the rows go');
    }
    return {};
  }
  const port = read.wholeNumber('PGPORT', 1, 65_535);
  const user = read.text('PGUSER');
  const password = read.secret('PGPASSWORD');
  const database = read.text('PGDATABASE');
  return {
    host,
    ...(port && { port }),
    ...(user && { user }),
    ...(password && { password }),
    ...(database && { database }),
    ssl: readTls(read, host),
  };
}

/**
 * Always said, since the driver's own default is none. Without a mode: checked TLS, but not on this machine, where
 * a CA that is named asks for it.
 */
function readTls(read: Reader, host: string, inUrl: TlsParameters = {}): false | ConnectionOptions {
  const mode = inUrl.sslmode ?? read.text('PGSSLMODE');
  const ca = readCertificate(read, 'sslrootcert', inUrl);
  const cert = readCertificate(read, 'sslcert', inUrl);
  const key = readCertificate(read, 'sslkey', inUrl);
  if (mode !== undefined && !(TLS_MODES as readonly string[]).includes(mode)) {
    const problem = `must be ${TLS_MODES.join(', ')}: others take any server for the right one`;
    if (inUrl.sslmode)
      read.problem('DATABASE_URL', `has an sslmode that is not taken: it ${problem}`);
    else read.problem('PGSSLMODE', problem);
  }
  if (mode === 'disable' || (mode === undefined && !ca && isLocalHost(host))) return false;
  return {
    rejectUnauthorized: true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

function readCertificate(
  read: Reader,
  name: 'sslrootcert' | 'sslcert' | 'sslkey',
  inUrl: TlsParameters,
): string | undefined {
  const variable = `PG${name.toUpperCase()}`;
  const path = inUrl[name] ?? read.text(variable);
  // libpq's word for the CAs that the system trusts, which is what counts without one.
  if (path === undefined || (name === 'sslrootcert' && path === 'system')) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    if (inUrl[name]) read.problem('DATABASE_URL', `names an ${name} that cannot be read (${code})`);
    else read.problem(variable, `names a file that cannot be read (${code})`);
    return undefined;
  }
}

function readTemporal(read: Reader): Config['temporal'] {
  const apiKey = read.secret('TEMPORAL_API_KEY');
  const env = { ...read.env, ...(apiKey && { TEMPORAL_API_KEY: apiKey }) };
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    });
    return {
      connectionOptions,
      namespace: namespace ?? 'default',
    };
  } catch (error) {
    read.problem('TEMPORAL_*', `could not be read (${(error as Error).name}): check the profile`);
    return { connectionOptions: {}, namespace: 'default' };
  }
}

function readMasking(read: Reader): Config['masking'] {
  const mode = read.text('MASKING_MODE') ?? 'hmac-sha256';
  const keySince = readDay(read, 'MASKING_KEY_SINCE');
  if (mode === 'sha256') return { mode };
  if (mode !== 'hmac-sha256') read.problem('MASKING_MODE', 'must be hmac-sha256 or sha256');
  const keys = readKeyring(read, 'masking', [UNKEYED_ID]);
  return { mode: 'hmac-sha256', ...(keys && { keys }), ...(keySince && { keySince }) };
}

function readDay(read: Reader, name: string): Date | undefined {
  const text = read.text(name);
  if (text === undefined) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime())) return day;
  read.problem(name, 'must be a day, such as 2026-11-01');
  return undefined;
}

function readPayloadKeys(read: Reader): Config['payloads'] | undefined {
  const keys = readKeyring(read, 'payload');
  return keys && { keys };
}

/** The setting of each keyring. */
const KEYRING_SETTINGS = { masking: 'MASKING_KEYS', payload: 'PAYLOAD_KEYS' } as const;

/** Where a keyring is kept: what `login-etl keys` lists and rotates. */
export type KeyringPlace =
  | { kind: 'file'; setting: string; path: string }
  | { kind: 'environment'; setting: string }
  | { kind: 'secret'; setting: string; id: string };

export function keyringPlace(
  use: KeyUse,
  env: Environment = process.env,
): KeyringPlace | undefined {
  const read = new Reader(env);
  const setting = KEYRING_SETTINGS[use];
  const id = read.text(`${setting}_SECRET_ID`);
  if (id !== undefined) return { kind: 'secret', setting: `${setting}_SECRET_ID`, id };
  const path = read.text(`${setting}_FILE`);
  if (path !== undefined) return { kind: 'file', setting: `${setting}_FILE`, path };
  return read.text(setting) === undefined ? undefined : { kind: 'environment', setting };
}

/** The form in which a secret is given, by its name: NAME or NAME_FILE. */
export function settingGiven(name: string, env: Environment = process.env): string | undefined {
  const read = new Reader(env);
  return [name, `${name}_FILE`].find((form) => read.text(form) !== undefined);
}

function readKeyring(read: Reader, use: KeyUse, reserved?: string[]): Keyring | undefined {
  const name = KEYRING_SETTINGS[use];
  const secretId = read.text(`${name}_SECRET_ID`);
  const json = secretId === undefined ? read.secret(name) : readKeyringSecret(read, name, secretId);
  if (json === undefined) {
    if (!read.given(name) && secretId === undefined) {
      read.problem(
        name,
        `is not set (nor is ${name}_FILE, nor ${name}_SECRET_ID): make keys with \`login-etl keys generate\``,
      );
    }
    return undefined;
  }
  const keyring = parseKeyring(json, reserved, use);
  if (!Array.isArray(keyring)) return keyring;
  for (const problem of keyring) read.problem(name, problem);
  return undefined;
}

function readKeyringSecret(read: Reader, name: string, id: string): string | undefined {
  if (read.given(name)) {
    read.problem(`${name}_SECRET_ID`, `is set, and ${name} or ${name}_FILE too: keep one of them`);
    return undefined;
  }
  try {
    return readSecret(id, read.env);
  } catch (error) {
    read.problem(
      `${name}_SECRET_ID`,
      `names a secret that AWS Secrets Manager does not hand out (${(error as Error).message})`,
    );
    return undefined;
  }
}

function refuseSharedKey(read: Reader, { masking, payloads }: Partial<Config>): void {
  const shared = masking?.keys && payloads?.keys && keyInBoth(payloads.keys, masking.keys);
  if (shared !== undefined) {
    read.problem(
      'PAYLOAD_KEYS',
      `key ${shared} is also a key of MASKING_KEYS: make one of its own`,
    );
  }
}

function readVault(read: Reader): Config['vault'] | undefined {
  const pem = read.secret('VAULT_PUBLIC_KEY');
  if (pem === undefined) {
    if (!read.given('VAULT_PUBLIC_KEY')) {
      read.problem(
        'VAULT_PUBLIC_KEY',
        'is not set (nor is VAULT_PUBLIC_KEY_FILE): make keys with `login-etl keys generate`',
      );
    }
    return undefined;
  }
  try {
    return { publicKey: parseVaultPublicKey(pem) };
  } catch (error) {
    read.problem('VAULT_PUBLIC_KEY', (error as Error).message);
    return undefined;
  }
}

function readCustodian(read: Reader): Config['custodian'] | undefined {
  const pem = read.secret('VAULT_PRIVATE_KEY');
  const kmsKeyId = read.text('VAULT_KMS_KEY_ID');
  if (kmsKeyId !== undefined) {
    if (!read.given('VAULT_PRIVATE_KEY')) return { kmsKeyId };
    read.problem('VAULT_KMS_KEY_ID', 'is set, and VAULT_PRIVATE_KEY too: keep one of them');
    return undefined;
  }
  if (pem === undefined) {
    if (!read.given('VAULT_PRIVATE_KEY')) {
      read.problem(
        'VAULT_PRIVATE_KEY',
        'is not set (nor is VAULT_PRIVATE_KEY_FILE or VAULT_KMS_KEY_ID): what is sealed opens with nothing else',
      );
    }
    return undefined;
  }
  try {
    return { privateKey: parseVaultPrivateKey(pem) };
  } catch (error) {
    read.problem('VAULT_PRIVATE_KEY', (error as Error).message);
    return undefined;
  }
}

/** Who takes over a worker must not find the key to what it has sealed. */
function refusePrivateKey(read: Reader): void {
  for (const name of ['VAULT_PRIVATE_KEY', 'VAULT_PRIVATE_KEY_FILE']) {
    if (read.text(name) === undefined) continue;
    read.problem(name, 'is set: a worker must not hold it. Take it out of its environment');
  }
}

function readWorker(read: Reader): Config['worker'] {
  const level = read.text('LOG_LEVEL') ?? 'info';
  if (!isLogLevel(level)) read.problem('LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`);
  const logFormat = LOG_FORMATS.find((format) => format === read.text('LOG_FORMAT'));
  if (logFormat === undefined && read.text('LOG_FORMAT') !== undefined) {
    read.problem('LOG_FORMAT', `must be one of ${LOG_FORMATS.join(', ')}`);
  }
  const metrics = readAddress(read, 'WORKER_METRICS_ADDRESS');
  const otlp = readOtlp(read);
  if (metrics && otlp) {
    read.problem('WORKER_OTLP_ENDPOINT', 'is set, and WORKER_METRICS_ADDRESS too: keep one');
  }
  const healthAddress = readAddress(read, 'WORKER_HEALTH_ADDRESS');
  const workflowBundlePath = read.text('WORKER_WORKFLOW_BUNDLE');
  return {
    sampleSeconds: read.wholeNumber('WORKER_SAMPLE_SECONDS', 1, 3_600) ?? 15,
    shutdownGraceSeconds: read.wholeNumber('WORKER_SHUTDOWN_GRACE_SECONDS', 1, 3_600) ?? 30,
    logLevel: isLogLevel(level) ? level : 'info',
    ...(logFormat && { logFormat }),
    ...(metrics && { metricsAddress: `${metrics.host}:${metrics.port}` }),
    ...(otlp && { otlp }),
    ...(healthAddress && { healthAddress }),
    ...(workflowBundlePath && { workflowBundlePath }),
  };
}

/** `host:port`; the brackets of an IPv6 address stay. */
function readAddress(read: Reader, name: string): HostAndPort | undefined {
  const text = read.text(name);
  if (text === undefined) return undefined;
  const [, host, port] = /^([\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  read.problem(name, 'must be host:port, such as 127.0.0.1:9464');
  return undefined;
}

function readOtlp(read: Reader): Config['worker']['otlp'] {
  const url = read.text('WORKER_OTLP_ENDPOINT');
  const pairs = (read.secret('WORKER_OTLP_HEADERS') ?? '').split(',').filter((pair) => pair.trim());
  const headers = pairs.flatMap((pair) => {
    const [, name, value] = /^\s*([\w-]+)=(.+?)\s*$/.exec(pair) ?? [];
    return name && value ? [[name, value] as const] : [];
  });
  if (headers.length < pairs.length) {
    read.problem('WORKER_OTLP_HEADERS', 'must be name=value, with commas between');
  }
  if (url === undefined) return undefined;
  if (!isHttpUrl(url)) read.problem('WORKER_OTLP_ENDPOINT', 'is not an http(s) URL');
  return { url, headers: Object.fromEntries(headers) };
}

const isLogLevel = (text: string): text is LogLevel =>
  (LOG_LEVELS as readonly string[]).includes(text);

const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
