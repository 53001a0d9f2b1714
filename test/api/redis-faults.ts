import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestRedis } from '../support/servers/redis-server.ts';

/** Between the service and Redis: passes on what Redis answers, later if it has to. */
export type SlowProxy = { url: string; delayMs: number; stop(): void };

export async function slowProxy(url: string): Promise<SlowProxy> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (chunk) => {
      if (proxy.delayMs === 0) near.write(chunk);
      else setTimeout(() => near.write(chunk), proxy.delayMs);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: SlowProxy = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs: 0,
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
  return proxy;
}

const eachKey = async (redis: TestRedis, act: (key: string) => Promise<unknown>) => {
  for (const key of (await redis.command('KEYS', '*')) as string[]) await act(key);
};

export const REDIS_FAULTS: Record<string, (redis: TestRedis, proxy: SlowProxy) => unknown> = {
  'is gone': (redis) => redis.stop(),
  'is stopped (SIGSTOP)': (redis) => redis.signal('SIGSTOP'),
  'answers each command a little too late': (_redis, proxy) => {
    proxy.delayMs = 40;
  },
  'answers each command within its deadline, but slowly': (_redis, proxy) => {
    proxy.delayMs = 15;
  },
  'pauses its clients': (redis) => redis.command('CLIENT', 'PAUSE', '3000', 'ALL'),
  'is flushed': (redis) => redis.command('FLUSHALL'),
  'is full': (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
  'has garbage': (redis) => eachKey(redis, (key) => redis.command('SET', key, 'x'.repeat(100_000))),
  'has values of other types': (redis) =>
    eachKey(redis, async (key) => {
      await redis.command('DEL', key);
      await redis.command('LPUSH', key, 'x');
    }),
  'refuses commands': (redis) => redis.command('CONFIG', 'SET', 'requirepass', 'another'),
};
