import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';

/** Where the codec server listens, and whom it answers. */
export type CodecServerSettings = {
  listen: { host: string; port: number };
  /** The Web UI's origin: the only one whose pages may ask. */
  uiOrigin?: string;
  token?: { name: string; secret: string };
  jwt?: JwtSettings;
  tls?: { cert: string; key: string };
  /** A proxy in front of it speaks TLS. */
  behindTlsProxy: boolean;
  requestsPerMinute: number;
};

export type JwtSettings = {
  issuer: string;
  audience: string;
  jwksUrl: URL;
  requiredClaim?: { name: string; value: string };
};

/** How `config.ts` reads the environment. */
type Reader = {
  text(name: string): string | undefined;
  secret(name: string): string | undefined;
  wholeNumber(name: string, min: number, max: number): number | undefined;
  problem(name: string, what: string): void;
  given(name: string): boolean;
};

const MIN_TOKEN_LENGTH = 32;
const DEFAULT_ADDRESS = '127.0.0.1:8234';
const DEFAULT_REQUESTS_PER_MINUTE = 1_200;

export function readCodecServer(read: Reader): CodecServerSettings {
  const listen = readAddress(read);
  const token = readToken(read);
  const jwt = readJwt(read);
  const someJwtSetting = JWT_SETTINGS.some((name) => read.text(name) !== undefined);
  if (!token && !read.given('CODEC_SERVER_TOKEN') && !jwt && !someJwtSetting) {
    read.problem(
      'CODEC_SERVER_TOKEN',
      'is not set, nor are CODEC_SERVER_JWT_ISSUER, …_AUDIENCE and …_JWKS_URL: it decodes for nobody it does not know',
    );
  }
  const uiOrigin = readUiOrigin(read);
  const tls = readTls(read);
  const behindTlsProxy = readFlag(read, 'CODEC_SERVER_BEHIND_TLS_PROXY');
  if (!read.given('CODEC_SERVER_TLS_CERT') && !behindTlsProxy && !isLoopback(listen.host)) {
    read.problem(
      'CODEC_SERVER_TLS_CERT',
      'is not set: without TLS it listens on loopback only. Behind a proxy with TLS, set CODEC_SERVER_BEHIND_TLS_PROXY=true',
    );
  }
  return {
    listen,
    behindTlsProxy,
    requestsPerMinute:
      read.wholeNumber('CODEC_SERVER_REQUESTS_PER_MINUTE', 1, 1_000_000) ??
      DEFAULT_REQUESTS_PER_MINUTE,
    ...(uiOrigin && { uiOrigin }),
    ...(token && { token }),
    ...(jwt && { jwt }),
    ...(tls && { tls }),
  };
}

function readAddress(read: Reader): CodecServerSettings['listen'] {
  const address = read.text('CODEC_SERVER_ADDRESS') ?? DEFAULT_ADDRESS;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\w.-]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  read.problem('CODEC_SERVER_ADDRESS', `must be host:port, such as ${DEFAULT_ADDRESS}`);
  return { host: '127.0.0.1', port: 0 };
}

function readToken(read: Reader): CodecServerSettings['token'] {
  const name = read.text('CODEC_SERVER_TOKEN_NAME') ?? 'token';
  const secret = read.secret('CODEC_SERVER_TOKEN');
  if (secret === undefined) return undefined;
  if (secret.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(secret)) return { name, secret };
  read.problem(
    'CODEC_SERVER_TOKEN',
    `must be at least ${MIN_TOKEN_LENGTH} printable characters without spaces, as \`openssl rand -hex 32\` makes them`,
  );
  return undefined;
}

const JWT_SETTINGS = [
  'CODEC_SERVER_JWT_ISSUER',
  'CODEC_SERVER_JWT_AUDIENCE',
  'CODEC_SERVER_JWT_JWKS_URL',
] as const;

function readJwt(read: Reader): JwtSettings | undefined {
  const [issuer, audience, url] = JWT_SETTINGS.map((name) => read.text(name));
  const claim = read.text('CODEC_SERVER_JWT_CLAIM');
  const [, name, value] = /^([^=\s]+)=(.+)$/.exec(claim ?? '') ?? [];
  if (claim !== undefined && value === undefined) {
    read.problem('CODEC_SERVER_JWT_CLAIM', 'must be name=value, such as groups=custodians');
  }
  if (issuer === undefined && audience === undefined && url === undefined) return undefined;
  for (const setting of JWT_SETTINGS) {
    if (read.text(setting) === undefined) {
      read.problem(setting, `is not set: ${JWT_SETTINGS.join(', ')} go together`);
    }
  }
  const jwksUrl = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const safe = jwksUrl?.protocol === 'https:' || (jwksUrl && isLoopback(jwksUrl.hostname));
  if (url !== undefined && !safe) {
    read.problem('CODEC_SERVER_JWT_JWKS_URL', 'is not an https URL (http is for loopback only)');
  }
  if (!issuer || !audience || !jwksUrl) return undefined;
  const requiredClaim = name && value ? { name, value } : undefined;
  return { issuer, audience, jwksUrl, ...(requiredClaim && { requiredClaim }) };
}

function readUiOrigin(read: Reader): string | undefined {
  const origin = read.text('CODEC_SERVER_UI_ORIGIN');
  if (origin === undefined) return undefined;
  if (URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin) {
    return origin;
  }
  read.problem(
    'CODEC_SERVER_UI_ORIGIN',
    'must be one origin as browsers write it, such as https://temporal.example.com: no path, no slash at the end, no "*"',
  );
  return undefined;
}

function readTls(read: Reader): CodecServerSettings['tls'] {
  const cert = read.secret('CODEC_SERVER_TLS_CERT');
  const key = read.secret('CODEC_SERVER_TLS_KEY');
  if (cert === undefined && key === undefined) return undefined;
  for (const name of ['CODEC_SERVER_TLS_CERT', 'CODEC_SERVER_TLS_KEY']) {
    if (!read.given(name)) {
      read.problem(name, `is not set (nor is ${name}_FILE): certificate and key go together`);
    }
  }
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch {
    read.problem('CODEC_SERVER_TLS_CERT', 'and CODEC_SERVER_TLS_KEY are not a PEM pair that fits');
    return undefined;
  }
}

function readFlag(read: Reader, name: string): boolean {
  const value = read.text(name) ?? 'false';
  if (value !== 'true' && value !== 'false') read.problem(name, 'must be true or false');
  return value === 'true';
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
