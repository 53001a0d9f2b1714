import { classifyError } from '../errors/classify-error.ts';
import { Refusal } from '../http/refusal.ts';

/** What an answer can be instead of what was asked for. Clients tell them apart by the name, which is part of `type`. */
const KINDS = {
  'invalid-request': [400, 'The request is not valid'],
  'invalid-cursor': [400, 'The cursor does not belong to this query'],
  unauthenticated: [401, 'A valid token is needed'],
  'insufficient-scope': [403, 'The token does not allow this'],
  forbidden: [403, 'The request is not allowed'],
  'not-found': [404, 'There is nothing at this address'],
  'not-available': [404, 'This instance does not offer this'],
  'method-not-allowed': [405, 'The address has other methods'],
  'not-acceptable': [406, 'The answer has another type'],
  timeout: [408, 'The request was not complete in time'],
  'idempotency-conflict': [409, 'The Idempotency-Key was used for another request'],
  'body-too-large': [413, 'The body is too large'],
  'uri-too-long': [414, 'The address is too long'],
  'unsupported-media-type': [415, 'The body has to be of another type'],
  'too-many-rows': [422, 'The range has more rows than an export may have'],
  'too-many-requests': [429, 'Too many requests'],
  'lookup-budget-spent': [429, 'As many values were looked up today as this caller may'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'The service failed to answer'],
  unavailable: [503, 'The database does not answer now'],
  'too-slow': [503, 'The query takes too long'],
} as const satisfies Record<string, readonly [number, string]>;

type ProblemKind = keyof typeof KINDS;

export const PROBLEM_TYPE = 'application/problem+json';
const problemUri = (kind: ProblemKind): string => `urn:login-etl:problem:${kind}`;

type FieldError = { field: string; detail: string };

type Parts = {
  detail?: string;
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
};

/** An answer as RFC 9457 describes it. It repeats nothing of the request but names of fields. */
export class ApiProblem extends Refusal {
  override name = 'ApiProblem';
  readonly kind: ProblemKind;
  readonly errors: readonly FieldError[];
  constructor(kind: ProblemKind, { detail, errors = [], headers }: Parts = {}) {
    super(KINDS[kind][0], detail ?? KINDS[kind][1], headers);
    this.kind = kind;
    this.errors = errors;
  }

  /** The body. */
  json(requestId: string): string {
    const [field] = this.errors;
    return JSON.stringify({
      type: problemUri(this.kind),
      title: KINDS[this.kind][1],
      status: this.status,
      detail: this.message,
      ...(field && { field: field.field, errors: this.errors }),
      request_id: requestId,
    });
  }
}

/** A field of the request that is wrong. */
export const wrongField = (field: string, detail: string): ApiProblem =>
  new ApiProblem('invalid-request', { detail: `${field}: ${detail}`, errors: [{ field, detail }] });

const RETRY_SECONDS = '5';

/** Codes of Fastify and of Node's parser, and the statuses of refusals that the servers share. */
const OTHERS: Readonly<Record<string, ProblemKind>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  401: 'unauthenticated',
  403: 'forbidden',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  503: 'unavailable',
};

/** SQLSTATE of a statement that took longer than it may. */
const STATEMENT_TIMEOUT = '57014';

/** Postgres' own refusals name no row, since nothing is written: only a failing service can be behind them. */
const TRANSIENT: readonly string[] = ['retry', 'wait'];

/** @returns the problem to answer with, which says of an unknown error only that it happened */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const { code = '', statusCode } = error as { code?: string; statusCode?: number };
  if (error instanceof Refusal) {
    const { message: detail, headers, status } = error;
    return new ApiProblem(OTHERS[status] ?? 'invalid-request', { detail, headers });
  }
  const kind = OTHERS[code];
  if (kind === 'body-too-large') return new ApiProblem(kind, { headers: { connection: 'close' } });
  if (kind) return new ApiProblem(kind);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ApiProblem('invalid-request', {
      detail: OWN_DETAILS[code] ?? 'the body is not JSON',
    });
  }
  if (code === STATEMENT_TIMEOUT) {
    return new ApiProblem('too-slow', {
      detail: 'choose fewer days, or more values to search by',
      errors: [{ field: 'from', detail: 'the window may be too long' }],
      headers: { 'retry-after': RETRY_SECONDS },
    });
  }
  if (TRANSIENT.includes(classifyError(error).policy.action)) {
    return new ApiProblem('unavailable', { headers: { 'retry-after': RETRY_SECONDS } });
  }
  return new ApiProblem('internal');
}

const OWN_DETAILS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body has another length than Content-Length says',
};
