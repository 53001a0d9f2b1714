import { createHash, createHmac } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import aws4 from 'aws4';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Credentials, signHeaders } from '../../src/queue/sign-headers.ts';

const region = 'eu-central-1';
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const temporary = { ...credentials, sessionToken: 'FwoGZXIvYXdz' };
const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.X' };

type Call = { host: string; path: string; body: string };

const CALLS: [string, Call, Credentials][] = [
  ['of AWS', { host: 'sqs.eu-central-1.amazonaws.com', path: '/', body: '{"a":"b"}' }, credentials],
  [
    'of AWS with temporary credentials',
    { host: 'sqs.eu-central-1.amazonaws.com', path: '/', body: '{}' },
    temporary,
  ],
  ['of an endpoint with a port', { host: '127.0.0.1:4566', path: '/', body: '{}' }, credentials],
  [
    'of an endpoint with a path, and with a body beyond ASCII',
    { host: 'vpce.example.com', path: '/a/b', body: '{"é":"€"}' },
    credentials,
  ],
];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-25T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(CALLS)('a call %s has a signature over all its headers', (_what, call, given) => {
  const { Authorization, ...signed } = signHeaders(
    { ...call, region, headers, timeMs: Date.now() },
    given,
  );
  expect(signed).toMatchObject({ ...headers, host: call.host, 'X-Amz-Date': '20261125T120000Z' });
  expect(signed['X-Amz-Security-Token']).toBe(given.sessionToken);
  expect(Authorization).toBe(authorization(signed, call));
});

test.each(CALLS)(
  "a call %s is signed so by the AWS SDK's own signer",
  async (_what, call, given) => {
    const { Authorization, ...signed } = await signedBySdk(call, given);
    expect(Authorization).toBe(authorization(signed, call));
  },
);

test('the key of one secret, region or day is not used for another', () => {
  const other = { ...credentials, secretAccessKey: 'another/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const turns: [typeof credentials, string, string][] = [
    [credentials, region, '2026-11-25T23:59:59Z'],
    [other, region, '2026-11-25T23:59:59Z'],
    [other, 'eu-west-1', '2026-11-25T23:59:59Z'],
    [other, 'eu-west-1', '2026-11-26T00:00:00Z'],
    [credentials, region, '2026-11-25T23:59:59Z'],
  ];
  const call = { host: 'localhost:4566', path: '/', body: '{}' };
  for (const [given, where, now] of turns) {
    vi.setSystemTime(new Date(now));
    const signed = aws4.sign(
      {
        ...call,
        method: 'POST',
        service: 'sqs',
        region: where,
        headers: { ...headers, host: call.host },
      },
      given,
    );
    const timeMs = Date.now();
    const { Authorization } = signHeaders({ ...call, region: where, headers, timeMs }, given);
    expect(Authorization).toBe(signed.headers?.Authorization);
  }
});

/** The algorithm as AWS' documentation has it ("Create a signed AWS API request"), over the headers given. */
function authorization(given: Record<string, string>, { path, body }: Call): string {
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const lines = Object.entries(given)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonicalHeaders = lines.map(([name, value]) => `${name}:${value}`);
  const canonical = ['POST', path, '', ...canonicalHeaders, '', names, hash(body)].join('\n');
  const scope = `20261125/${region}/sqs/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', '20261125T120000Z', scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  return (
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`
  );
}

async function signedBySdk({ host, path, body }: Call, given: Credentials) {
  const { hostname, port, protocol } = new URL(`https://${host}`);
  const client = new SQSClient({ region, credentials: given as typeof temporary });
  const properties = {};
  const signer = await client.config.signer({
    ...{ schemeId: 'aws.auth#sigv4', name: 'sigv4', signingName: 'sqs', signingRegion: region },
    properties,
  } as never);
  const request = await signer.sign({
    ...{ method: 'POST', protocol, hostname, path, query: {}, body },
    ...(port && { port: Number(port) }),
    headers: { host, ...headers },
  } as never);
  const { authorization: Authorization, ...rest } = request.headers;
  return { Authorization, ...rest } as Record<string, string>;
}
