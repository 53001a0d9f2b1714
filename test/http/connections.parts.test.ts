import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/local/ports/free-port.ts';
import { startHealthServer } from '../../src/telemetry/health/health-server.ts';
import { startedCodecServer, valuesOf } from '../codec-server/started-codec-server.ts';

/** Connections from one address that send `sent` and nothing more. */
async function openIdle(port: number, count: number, sent = ''): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.write(sent);
  }
  await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)));
  return sockets;
}

const SLOW = {
  'say nothing': '',
  'send half a header': 'POST /decode HTTP/1.1\r\nHost: x\r\nX-Slow: ',
  'log in without end':
    'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\ntoken=',
};

test.each(Object.keys(SLOW))(
  'a caller is answered at once while 250 connections of its own address %s',
  async (what) => {
    const server = await startedCodecServer();
    const sealed = await server.seal('shown');
    await openIdle(Number(new URL(server.url).port), 250, SLOW[what as keyof typeof SLOW]);
    const asked = performance.now();
    expect(await valuesOf(await server.decode([sealed]))).toEqual(['shown']);
    expect(performance.now() - asked).toBeLessThan(2_000);
  },
);

test('a connection that sends no request is closed within seconds', async () => {
  const server = await startedCodecServer();
  const [idle, slow] = [
    await openIdle(Number(new URL(server.url).port), 1),
    await openIdle(Number(new URL(server.url).port), 1, SLOW['send half a header']),
  ];
  const opened = performance.now();
  await Promise.all([...idle, ...slow].map((socket) => once(socket, 'close')));
  expect(performance.now() - opened).toBeLessThan(8_000);
}, 15_000);

test('the health server answers at once while 250 connections say nothing', async () => {
  const port = await freePort();
  const ready = { temporal: 'ok', postgres: 'ok', queue: 'ok' } as const;
  const server = await startHealthServer({ host: '127.0.0.1', port }, async () => ready);
  onTestFinished(() => server.close());
  await openIdle(port, 250);
  const asked = performance.now();
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  expect(performance.now() - asked).toBeLessThan(2_000);
});
