import { once } from 'node:events';
import { createServer } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { freePort, isPortFree } from '../../../src/local/ports/free-port.ts';
import { onFreePort, PortTakenError } from '../../../src/local/ports/port-taken.ts';

async function listenOn(host: string, port: number): Promise<boolean> {
  const server = createServer();
  onTestFinished(() => void server.close());
  const listening = once(server, 'listening');
  server.listen({ host, port });
  return await listening.then(
    () => true,
    () => false,
  );
}

test('the preferred port is given when nothing listens on it', async () => {
  const port = await freePort();
  expect(await freePort(port)).toBe(port);
});

test.each(['127.0.0.1', '0.0.0.0', '::1'])(
  'another port is given when something listens on %s',
  async (host) => {
    const port = await freePort();
    // A machine without IPv6 has nothing on ::1 to find.
    if (!(await listenOn(host, port))) return;
    expect(await isPortFree(port)).toBe(false);
    const given = await freePort(port);
    expect(given).not.toBe(port);
    expect(await isPortFree(given)).toBe(true);
  },
);

test('ports asked for side by side are different', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
});

test('a chosen port that was taken in the meantime is replaced', async () => {
  const tried: number[] = [];
  const started = await onFreePort(undefined, async (port) => {
    tried.push(port);
    if (tried.length === 1) throw new PortTakenError('taken');
    return port;
  });
  expect(tried).toHaveLength(2);
  expect(started).toBe(tried[1]);
});

test('a requested port that is taken is an error that names it', async () => {
  const port = await freePort();
  await listenOn('127.0.0.1', port);
  await expect(onFreePort(port, async () => 'never')).rejects.toThrow(`Port ${port} is taken`);
});

test('an error that is not about the port is not tried again', async () => {
  let tries = 0;
  const start = onFreePort(undefined, async () => {
    tries += 1;
    throw new Error('broken');
  });
  await expect(start).rejects.toThrow('broken');
  expect(tries).toBe(1);
});
