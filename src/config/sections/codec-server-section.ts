import { createSecureContext } from 'node:tls';
import { type Settings, section, type Values, Wrong } from '../declare-section.ts';
import { type HostAndPort, isLoopback, isPlainHttp } from '../host-and-port.ts';
import type { Reader } from '../reader.ts';
import {
  address,
  certificate,
  flag,
  httpUrl,
  line,
  privateKey,
  wholeNumber,
} from '../value-parsers.ts';

/** The codec server's address, and the clients that it answers. */
export type CodecServerSettings = {
  listen: HostAndPort;
  /** The Web UI's origin, the only one whose pages get answers. */
  uiOrigin?: string;
  token?: { name: string; secret: string };
  jwt?: JwtSettings;
  tls?: { cert: string; key: string };
  /** A proxy in front of the server terminates TLS. */
  behindTlsProxy: boolean;
  requestsPerMinute: number;
};

export type JwtSettings = {
  issuer: string;
  audience: string;
  jwksUrl: URL;
  requiredClaim?: { name: string; value: string };
};

const MIN_TOKEN_LENGTH = 32;

const parseToken = (text: string): string | Wrong =>
  text.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text)
    ? text
    : new Wrong(
        `must be at least ${MIN_TOKEN_LENGTH} printable characters without spaces, as \`openssl rand -hex 32\` makes them`,
      );

function parseJwksUrl(text: string): URL | Wrong {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && !isPlainHttp(text)
    ? url
    : new Wrong('is not an https URL (http is for loopback only)');
}

function parseClaim(text: string): { name: string; value: string } | Wrong {
  const [, name, value] = /^([^=\s]+)=(.+)$/.exec(text) ?? [];
  return name && value
    ? { name, value }
    : new Wrong('must be name=value, such as groups=custodians');
}

const parseOrigin = (text: string): string | Wrong =>
  !(httpUrl(text) instanceof Wrong) && new URL(text).origin === text
    ? text
    : new Wrong(
        'must be one origin as browsers write it, such as https://temporal.example.com: no path, no slash at the end, no "*"',
      );

const SETTINGS = {
  listen: {
    name: 'CODEC_SERVER_ADDRESS',
    default: '127.0.0.1:8234',
    description: 'Address that the codec server listens on, host:port.',
    parse: address('127.0.0.1:8234', 0),
  },
  token: {
    name: 'CODEC_SERVER_TOKEN',
    secret: true,
    description:
      'Token that callers send, at least 32 characters. The server accepts this token, JWTs, or both.',
    parse: parseToken,
  },
  tokenName: {
    name: 'CODEC_SERVER_TOKEN_NAME',
    default: 'token',
    description: "Name of the token's owner, a person or a team, for the audit log.",
    parse: line,
  },
  issuer: {
    name: 'CODEC_SERVER_JWT_ISSUER',
    description: 'JWTs: the required `iss`.',
    parse: line,
  },
  audience: {
    name: 'CODEC_SERVER_JWT_AUDIENCE',
    description: 'JWTs: the required `aud`.',
    parse: line,
  },
  jwksUrl: {
    name: 'CODEC_SERVER_JWT_JWKS_URL',
    description: "JWTs: URL of the issuer's public keys (the `jwks_uri` of OpenID Connect).",
    parse: parseJwksUrl,
  },
  claim: {
    name: 'CODEC_SERVER_JWT_CLAIM',
    example: 'groups=custodians',
    description: 'JWTs: a claim that is required in addition, name=value.',
    parse: parseClaim,
  },
  uiOrigin: {
    name: 'CODEC_SERVER_UI_ORIGIN',
    example: 'https://temporal.example.com',
    description: "Origin of Temporal's Web UI. Pages of other origins get no answer.",
    parse: parseOrigin,
  },
  cert: {
    name: 'CODEC_SERVER_TLS_CERT',
    secret: true,
    description:
      'Certificate chain of the server (PEM). Without it, the server listens on loopback only.',
    parse: certificate,
  },
  key: {
    name: 'CODEC_SERVER_TLS_KEY',
    secret: true,
    description: 'Private key of that certificate (PEM).',
    parse: privateKey,
  },
  behindTlsProxy: {
    name: 'CODEC_SERVER_BEHIND_TLS_PROXY',
    default: 'false',
    description:
      '`true`: a proxy terminates TLS, so the server may listen on any address without it.',
    parse: flag,
  },
  requestsPerMinute: {
    name: 'CODEC_SERVER_REQUESTS_PER_MINUTE',
    default: '1200',
    description: 'Requests that one caller may send. The Web UI sends one for each event it shows.',
    parse: wholeNumber(1, 1_000_000),
  },
} as const satisfies Settings;

type CodecServerValues = Values<typeof SETTINGS>;

export const codecServer = section<typeof SETTINGS, CodecServerSettings>(
  'The codec server',
  SETTINGS,
  (values, reader) => {
    const { listen, token, uiOrigin, behindTlsProxy } = values;
    const jwt = readJwt(values, reader);
    if (!JWT_TOGETHER.some(({ name }) => reader.given(name))) {
      reader.missing(
        SETTINGS.token,
        'nor are CODEC_SERVER_JWT_ISSUER, …_AUDIENCE and …_JWKS_URL: the server answers only callers that it can authenticate',
      );
    }
    const tls = readTls(values, reader);
    if (!reader.given(SETTINGS.cert.name) && !behindTlsProxy && !isLoopback(listen.host)) {
      reader.problem(
        SETTINGS.cert.name,
        'is not set: without TLS the server listens on loopback only. Behind a proxy with TLS, set CODEC_SERVER_BEHIND_TLS_PROXY=true',
      );
    }
    return {
      listen,
      behindTlsProxy,
      requestsPerMinute: values.requestsPerMinute,
      ...(uiOrigin && { uiOrigin }),
      ...(token && { token: { name: values.tokenName, secret: token } }),
      ...(jwt && { jwt }),
      ...(tls && { tls }),
    };
  },
);

const JWT_TOGETHER = [SETTINGS.issuer, SETTINGS.audience, SETTINGS.jwksUrl];

function readJwt(values: CodecServerValues, reader: Reader): JwtSettings | undefined {
  const { issuer, audience, jwksUrl, claim: requiredClaim } = values;
  if (JWT_TOGETHER.some(({ name }) => reader.given(name))) {
    const names = JWT_TOGETHER.map(({ name }) => name).join(', ');
    for (const setting of JWT_TOGETHER) reader.missing(setting, `${names} go together`);
  }
  if (!issuer || !audience || !jwksUrl) return undefined;
  return { issuer, audience, jwksUrl, ...(requiredClaim && { requiredClaim }) };
}

function readTls({ cert, key }: CodecServerValues, reader: Reader): CodecServerSettings['tls'] {
  const together = [SETTINGS.cert, SETTINGS.key];
  if (together.some(({ name }) => reader.given(name))) {
    for (const setting of together) reader.missing(setting, 'certificate and key go together');
  }
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch {
    reader.problem(SETTINGS.cert.name, 'and CODEC_SERVER_TLS_KEY are not a matching PEM pair');
    return undefined;
  }
}
