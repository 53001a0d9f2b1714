import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginMessages } from '../support/data/login-messages.ts';
import { type Stack, startStack } from '../support/start-stack.ts';

let stack: Stack;
let collector: Server;
const posts: { path: string; authorization: string | undefined; text: string }[] = [];

beforeAll(async () => {
  stack = await startStack();
  collector = createServer((request, response) => {
    void buffer(request).then((body) => {
      const packed = request.headers['content-encoding'] === 'gzip';
      posts.push({
        path: request.url ?? '',
        authorization: request.headers.authorization,
        // Names stand in protobuf as they are.
        text: (packed ? gunzipSync(body) : body).toString('latin1'),
      });
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterAll(async () => {
  await stack?.stop();
  collector?.closeAllConnections();
  collector?.close();
});

test('a collector gets the metrics of the SDK and ours, with the headers of the setting', async () => {
  const { port } = collector.address() as AddressInfo;
  await stack.spawnWorker({
    WORKER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/v1/metrics`,
    WORKER_OTLP_HEADERS: 'authorization=Bearer token',
  });
  await stack.send(loginMessages(3));
  await stack.run();
  await expect
    .poll(() => posts.at(-1)?.text ?? '', { timeout: 40_000 })
    .toMatch(/login_etl_messages_inserted/);
  const { path, authorization, text } = posts.at(-1) as (typeof posts)[number];
  expect({ path, authorization }).toEqual({
    path: '/v1/metrics',
    authorization: 'Bearer token',
  });
  expect(text).toContain('temporal_num_pollers');
  expect(text).toContain('login_etl_queue_messages');
});
