import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otherRegion } from '../../../src/cli/connect/queue-problem.ts';
import { loginEtl } from '../in-process.ts';

/** The program's start takes one to two seconds on top, and five are promised. */
const MAX_WAIT_MS = 3_500;

/** Accepts connections and never answers, as a stopped process or a firewall does. */
let silent: Server;
const sockets = new Set<Socket>();
let env: Record<string, string>;

beforeAll(async () => {
  silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  env = {
    ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    AWS_ENDPOINT_URL_SQS: `http://${address}`,
    DATABASE_URL: `postgres://nobody@${address}/logins`,
    TEMPORAL_ADDRESS: address,
    PAYLOAD_KEYS: JSON.stringify({ active: 'a', keys: { a: randomBytes(32).toString('base64') } }),
  };
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent?.close();
});

test.each([
  [['status', '--json'], /Temporal cannot be asked: nobody answers at the address.*127\.0\.0\.1/],
  [['doctor', '--json'], /no answer|did not answer|nobody answers/],
  [
    ['schedule', 'describe', '--json'],
    /Temporal at 127\.0\.0\.1:\d+ \(namespace default\) cannot be used/,
  ],
  [['runs', 'show', 'latest', '--json'], /127\.0\.0\.1:\d+/],
  [['runs', '--json'], /Postgres at 127\.0\.0\.1:\d+, database logins/],
  [
    ['peek', '--json'],
    /the queue login-queue in region eu-west-1 at http:\/\/127\.0\.0\.1:\d+ cannot be used/,
  ],
])('servers that do not answer are named in time by %j', async (args, says) => {
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = await loginEtl(env, args);
  expect(performance.now() - startedAt).toBeLessThan(MAX_WAIT_MS);
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toMatch(says);
});

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/123456789012/q', undefined],
  ['https://sqs.us-east-2.amazonaws.com/123456789012/q', 'us-east-2'],
  ['https://sqs-fips.us-east-2.amazonaws.com/123456789012/q', 'us-east-2'],
  ['https://sqs.us-east-2.api.aws/123456789012/q', 'us-east-2'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q', 'cn-north-1'],
  ['https://vpce-0a-1b.sqs.us-east-2.vpce.amazonaws.com/123456789012/q', 'us-east-2'],
  ['https://us-east-2.queue.amazonaws.com/123456789012/q', 'us-east-2'],
  ['http://127.0.0.1:4566/000000000000/q', undefined],
])('the region of another address than AWS_REGION is found in %s', (url, there) => {
  const region = 'eu-west-1';
  expect(otherRegion({ region, queue: { url } })).toBe(there);
  expect(otherRegion({ region, queue: { name: 'q' }, endpoint: url })).toBe(there);
});
