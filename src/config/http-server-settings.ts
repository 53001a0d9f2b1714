import { createSecureContext } from 'node:tls';
import { type Settings, type Values, Wrong } from './declare-section.ts';
import { type HostAndPort, isLoopback, isPlainHttp } from './host-and-port.ts';
import type { Reader } from './reader.ts';
import { certificate, flag, line, privateKey } from './value-parsers.ts';

/** What the servers that authenticate their callers have in common. */
export type HttpServerSettings = {
  listen: HostAndPort;
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

export const parseToken = (text: string): string | Wrong =>
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

export const jwtSettings = <Prefix extends string>(prefix: Prefix) =>
  ({
    issuer: {
      name: `${prefix}_JWT_ISSUER`,
      description: 'JWTs: the required `iss`.',
      parse: line,
    },
    audience: {
      name: `${prefix}_JWT_AUDIENCE`,
      description: 'JWTs: the required `aud`.',
      parse: line,
    },
    jwksUrl: {
      name: `${prefix}_JWT_JWKS_URL`,
      description: "JWTs: URL of the issuer's public keys (the `jwks_uri` of OpenID Connect).",
      parse: parseJwksUrl,
    },
    claim: {
      name: `${prefix}_JWT_CLAIM`,
      example: 'groups=custodians',
      description: 'JWTs: a claim that is required in addition, name=value.',
      parse: parseClaim,
    },
  }) as const satisfies Settings;

export const tlsSettings = <Prefix extends string>(prefix: Prefix) =>
  ({
    cert: {
      name: `${prefix}_TLS_CERT`,
      secret: true,
      description:
        'Certificate chain of the server (PEM). Without it, the server listens on loopback only.',
      parse: certificate,
    },
    key: {
      name: `${prefix}_TLS_KEY`,
      secret: true,
      description: 'Private key of that certificate (PEM).',
      parse: privateKey,
    },
    behindTlsProxy: {
      name: `${prefix}_BEHIND_TLS_PROXY`,
      default: 'false',
      description:
        '`true`: a proxy terminates TLS, so the server may listen on any address without it.',
      parse: flag,
    },
  }) as const satisfies Settings;

type JwtDeclarations = ReturnType<typeof jwtSettings>;
type TlsDeclarations = ReturnType<typeof tlsSettings>;

/** @param token the setting of the static tokens, which JWTs may replace */
export function readJwt(
  values: Values<JwtDeclarations>,
  settings: JwtDeclarations & { token: Settings[string] },
  reader: Reader,
): JwtSettings | undefined {
  const { issuer, audience, jwksUrl, claim: requiredClaim } = values;
  const together = [settings.issuer, settings.audience, settings.jwksUrl];
  if (together.some(({ name }) => reader.given(name))) {
    const names = together.map(({ name }) => name).join(', ');
    for (const setting of together) reader.missing(setting, `${names} go together`);
  } else {
    reader.missing(
      settings.token,
      `nor are ${settings.issuer.name}, …_AUDIENCE and …_JWKS_URL: the server answers only callers that it can authenticate`,
    );
  }
  if (!issuer || !audience || !jwksUrl) return undefined;
  return { issuer, audience, jwksUrl, ...(requiredClaim && { requiredClaim }) };
}

/** Without TLS the server may listen on loopback only, unless a proxy has it. */
export function readServerTls(
  values: Values<TlsDeclarations>,
  settings: TlsDeclarations,
  listen: HostAndPort,
  reader: Reader,
): HttpServerSettings['tls'] {
  const { cert, key, behindTlsProxy } = values;
  const together = [settings.cert, settings.key];
  if (together.some(({ name }) => reader.given(name))) {
    for (const setting of together) reader.missing(setting, 'certificate and key go together');
  }
  if (!reader.given(settings.cert.name) && !behindTlsProxy && !isLoopback(listen.host)) {
    reader.problem(
      settings.cert.name,
      `is not set: without TLS the server listens on loopback only. Behind a proxy with TLS, set ${settings.behindTlsProxy.name}=true`,
    );
  }
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch {
    reader.problem(settings.cert.name, `and ${settings.key.name} are not a matching PEM pair`);
    return undefined;
  }
}
