import { peer, type Server, TOKEN, WINDOW_DAYS } from './api-servers.ts';

export type Measured = {
  perSecond: number;
  p50: number;
  p99: number;
  failed: number;
  answers: number;
};

type Load = {
  /** One request after the other. */
  next(): { method: string; path: string; body?: string };
  seconds: number;
  /** In place of the seconds. */
  amount?: number | undefined;
  connections?: number;
  /** Requests per second; as many as possible by default. */
  rate?: number;
};

type Result = {
  requests: { average: number; total: number };
  latency: { p50: number; p99: number };
  non2xx: number;
  errors: number;
};

/** Sends requests with autocannon. */
export async function load(
  server: Server,
  { next, seconds, amount, connections = 20, rate }: Load,
): Promise<Measured> {
  const autocannon = peer('autocannon') as (options: object) => Promise<Result>;
  const result = await autocannon({
    url: server.url,
    connections,
    ...(amount ? { amount } : { duration: seconds }),
    ...(rate && { overallRate: Math.max(1, Math.round(rate)) }),
    requests: [
      {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        setupRequest: (request: object) => ({ ...request, ...next() }),
      },
    ],
  });
  return {
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    answers: result.requests.total,
    failed: result.non2xx + result.errors,
  };
}

const COLUMNS =
  'userId deviceType maskedIp maskedDeviceId locale appVersion createDate messageId maskKeyId sentAt';

/** The same question to each: the latest 50 logins of an account in the window. */
export const QUESTIONS = {
  service: (user: string) => ({
    method: 'POST',
    path: '/v1/logins/search',
    body: JSON.stringify({ user, limit: 50 }),
  }),
  postgraphile: (user: string) => ({
    method: 'POST',
    path: '/graphql',
    body: JSON.stringify({
      query: `query ($user: String!) { allRecentLogins(condition: {userId: $user}, first: 50,
        orderBy: [CREATE_DATE_DESC, MESSAGE_ID_DESC]) { nodes { ${COLUMNS} } } }`,
      variables: { user },
    }),
  }),
  platformatic(user: string) {
    const from = new Date(Date.now() - (WINDOW_DAYS - 1) * 86_400_000).toISOString().slice(0, 10);
    return {
      method: 'GET',
      path: `/userLogins/?where.userId.eq=${user}&where.createDate.gte=${from}&limit=50&orderby.createDate=desc&orderby.messageId=desc`,
    };
  },
};

export type Contestant = keyof typeof QUESTIONS;

/** Asks once, to see that it works. @returns the body */
export async function askOnce(
  server: Server,
  contestant: Contestant,
  user: string,
): Promise<string> {
  const { method, path, ...rest } = QUESTIONS[contestant](user) as {
    method: string;
    path: string;
    body?: string;
  };
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    ...(rest.body !== undefined && { body: rest.body }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${contestant} answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
}
