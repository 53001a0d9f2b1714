import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { apiInTest, bearer } from '../../api/started-api.ts';

test('a client that sends a body too slowly is told so, and its connection is closed', async () => {
  const api = await apiInTest({});
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/logins/search HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer().authorization}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
  );
  const drip = setInterval(() => socket.write(' '), 500);
  await once(socket, 'close');
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1.1 408 .*urn:login-etl:problem:timeout/s);
}, 60_000);
