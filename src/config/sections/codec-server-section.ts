import { type Settings, section, Wrong } from '../declare-section.ts';
import {
  type HttpServerSettings,
  jwtSettings,
  parseToken,
  readJwt,
  readServerTls,
  tlsSettings,
} from '../http-server-settings.ts';
import { address, httpUrl, line, wholeNumber } from '../value-parsers.ts';

/** The codec server's address, and the clients that it answers. */
export type CodecServerSettings = HttpServerSettings & {
  /** The Web UI's origin, the only one whose pages get answers. */
  uiOrigin?: string;
  token?: { name: string; secret: string };
};

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
  ...jwtSettings('CODEC_SERVER'),
  uiOrigin: {
    name: 'CODEC_SERVER_UI_ORIGIN',
    example: 'https://temporal.example.com',
    description: "Origin of Temporal's Web UI. Pages of other origins get no answer.",
    parse: parseOrigin,
  },
  ...tlsSettings('CODEC_SERVER'),
  requestsPerMinute: {
    name: 'CODEC_SERVER_REQUESTS_PER_MINUTE',
    default: '1200',
    description: 'Requests that one caller may send. The Web UI sends one for each event it shows.',
    parse: wholeNumber(1, 1_000_000),
  },
} as const satisfies Settings;

export const codecServer = section<typeof SETTINGS, CodecServerSettings>(
  'The codec server',
  SETTINGS,
  (values, reader) => {
    const { listen, token, uiOrigin, behindTlsProxy } = values;
    const jwt = readJwt(values, SETTINGS, reader);
    const tls = readServerTls(values, SETTINGS, listen, reader);
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
