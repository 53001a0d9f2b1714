import { z } from 'zod';
import { type Settings, section, Wrong } from '../declare-section.ts';
import {
  type HttpServerSettings,
  jwtSettings,
  parseToken,
  readJwt,
  readServerTls,
  tlsSettings,
} from '../http-server-settings.ts';
import { address, flag, wholeNumber } from '../value-parsers.ts';

/** What a caller of the read service may be allowed. */
export const API_SCOPES = [
  'logins:read',
  'logins:lookup',
  'logins:stats',
  'logins:fraud',
  'logins:export',
] as const;

export type ApiScope = (typeof API_SCOPES)[number];

export type ApiToken = { name: string; secret: string; scopes: readonly ApiScope[] };

/** The read service's address, its callers, and what it tells them. */
export type ApiSettings = HttpServerSettings & {
  tokens: readonly ApiToken[];
  /** Reads API_TOKENS_FILE again. */
  tokensInFile?: () => readonly ApiToken[];
  /** Keys of cursors, sessions and cached answers are derived from it. */
  secret?: string;
  redisUrl?: string;
  /** Statistics leave out groups of fewer users. */
  smallestGroup: number;
  /** Shows masked values, and answers by them, although anyone can compute them from plain ones. */
  guessableValues: boolean;
  lookupsPerMinute: number;
  lookupValuesPerDay: number;
  exportMaxRows: number;
};

const tokensSchema = z.array(
  z.strictObject({
    name: z.string().regex(/^[\w.@:-]{1,64}$/),
    scopes: z.array(z.enum(API_SCOPES)).min(1),
    token: z.string(),
  }),
);

const TOKENS_SHAPE = `must be a JSON list of {"name": "NAME", "scopes": ["SCOPE"], "token": "TOKEN"} with names of 1 to 64 letters, digits, ".", "_", "@", ":" or "-", and scopes of ${API_SCOPES.join(', ')}`;

function parseTokens(text: string): readonly ApiToken[] | Wrong {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return new Wrong('is not JSON');
  }
  const parsed = tokensSchema.safeParse(json);
  if (!parsed.success) return new Wrong(TOKENS_SHAPE);
  const problems: string[] = [];
  for (const [at, { name, token }] of parsed.data.entries()) {
    const checked = parseToken(token);
    if (checked instanceof Wrong)
      problems.push(`has a token (entry ${at + 1}) that ${checked.problems[0]}`);
    if (parsed.data.findIndex((other) => other.name === name || other.token === token) < at) {
      problems.push(`has the name or the token of entry ${at + 1} twice`);
    }
  }
  if (problems.length > 0) return new Wrong(...problems);
  return parsed.data.map(({ token, ...rest }) => ({ ...rest, secret: token }));
}

function parseRedisUrl(text: string): string | Wrong {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && !/[\s\p{Cc}]/u.test(text)
    ? text
    : new Wrong('must be a URL, such as rediss://user:password@redis.example.com:6379');
}

const SETTINGS = {
  listen: {
    name: 'API_ADDRESS',
    default: '127.0.0.1:8235',
    description: 'Address that the read service listens on, host:port.',
    parse: address('127.0.0.1:8235', 0),
  },
  token: {
    name: 'API_TOKENS',
    secret: true,
    example: '[{"name":"fraud-team","scopes":["logins:read","logins:fraud"],"token":"…"}]',
    description:
      'Tokens that callers send, each with the name of its owner and its scopes, as JSON. A token has at least 32 characters. A replaced file is read again within two seconds. The service accepts these tokens, JWTs with the scopes in `scope` or `scp`, or both.',
    parse: parseTokens,
  },
  ...jwtSettings('API'),
  ...tlsSettings('API'),
  secret: {
    name: 'API_SECRET',
    secret: true,
    description:
      'Keys of cursors, sessions and cached answers are derived from it; at least 32 characters, the same for all processes of the service. Without it each process makes its own, which ends with it.',
    parse: parseToken,
  },
  redisUrl: {
    name: 'REDIS_URL',
    secret: true,
    example: 'rediss://user:password@redis.example.com:6379',
    description:
      'Redis in which the processes of the read service share answers, compressed and encrypted. Without it each keeps its own in memory. Set API_SECRET, too.',
    parse: parseRedisUrl,
  },
  requestsPerMinute: {
    name: 'API_REQUESTS_PER_MINUTE',
    default: '600',
    description: 'Requests that one caller may send to one process. An answer 304 does not count.',
    parse: wholeNumber(1, 1_000_000),
  },
  lookupsPerMinute: {
    name: 'API_LOOKUPS_PER_MINUTE',
    default: '60',
    description: 'Lookups of plain values that one caller may make.',
    parse: wholeNumber(1, 10_000),
  },
  lookupValuesPerDay: {
    name: 'API_LOOKUP_VALUES_PER_DAY',
    default: '500',
    description: 'Different plain values that one caller may look up in a day (UTC).',
    parse: wholeNumber(1, 1_000_000),
  },
  smallestGroup: {
    name: 'API_SMALLEST_GROUP',
    default: '5',
    description: 'Statistics withhold groups with fewer users than this.',
    parse: wholeNumber(2, 10_000),
  },
  exportMaxRows: {
    name: 'API_EXPORT_MAX_ROWS',
    default: '1000000',
    description: 'Rows that one export may have.',
    parse: wholeNumber(1, 1_000_000_000),
  },
  guessableValues: {
    name: 'API_GUESSABLE_VALUES',
    default: 'false',
    description:
      '`true`: show masked values, and answer by them, also for rows masked without a key (MASKING_MODE=sha256, adopted rows). Anyone can compute these values, so whoever may read rows can look up plain values without a record.',
    parse: flag,
  },
} as const satisfies Settings;

export const api = section<typeof SETTINGS, ApiSettings>(
  'The read service',
  SETTINGS,
  (values, reader) => {
    const { listen, token, secret, redisUrl, behindTlsProxy } = values;
    const jwt = readJwt(values, SETTINGS, reader);
    const tls = readServerTls(values, SETTINGS, listen, reader);
    if (reader.given(SETTINGS.redisUrl.name)) {
      reader.missing(
        SETTINGS.secret,
        'without it the processes cannot read what they keep in Redis',
      );
    }
    return {
      listen,
      behindTlsProxy,
      tokens: token ?? [],
      requestsPerMinute: values.requestsPerMinute,
      lookupsPerMinute: values.lookupsPerMinute,
      lookupValuesPerDay: values.lookupValuesPerDay,
      smallestGroup: values.smallestGroup,
      exportMaxRows: values.exportMaxRows,
      guessableValues: values.guessableValues,
      ...(token &&
        reader.fileGiven(SETTINGS.token.name) && {
          tokensInFile: reader.current(SETTINGS.token, token),
        }),
      ...(secret && { secret }),
      ...(redisUrl && { redisUrl }),
      ...(jwt && { jwt }),
      ...(tls && { tls }),
    };
  },
);
