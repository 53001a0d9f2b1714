import { fileURLToPath } from 'node:url';
import { onFreePort } from '../src/local/ports/port-taken.ts';
import { startProcess } from '../src/local/process/child-process.ts';
import { untilReady } from '../src/local/process/server-readiness.ts';

/** The servers that can be far away, and by how many milliseconds one way. */
export const FAR_SERVERS = ['sqs', 'postgres'] as const;
export type Delays = Partial<Record<(typeof FAR_SERVERS)[number], number>>;

const PROXY = fileURLToPath(new URL('./delay-proxy.ts', import.meta.url));
const READY_TIMEOUT_MS = 30_000;

export type DelayedServers = {
  /** A contestant's environment, with the proxies in place of the servers. */
  environment(near: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  stop(): Promise<void>;
};

/** Starts a proxy before each of these servers. The bench's own calls do not go through it. */
export async function startDelays(
  delays: Delays,
  servers: Readonly<Record<keyof Delays, string>>,
): Promise<DelayedServers> {
  const origins = new Map<string, string>();
  const stops: (() => Promise<void>)[] = [];
  for (const [name, delayMs] of Object.entries(delays) as [keyof Delays, number][]) {
    const { hostname, port } = new URL(servers[name]);
    const proxy = await startProxy(hostname, port, delayMs);
    origins.set(`${hostname}:${port}`, `${hostname}:${proxy.port}`);
    stops.push(proxy.stop);
  }
  const throughProxy = (value: string | undefined) =>
    [...origins].reduce((url, [near, far]) => url?.replace(near, far), value);
  return {
    environment: (near) =>
      Object.fromEntries(Object.entries(near).map(([name, value]) => [name, throughProxy(value)])),
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

const startProxy = (host: string, to: string, delayMs: number) =>
  onFreePort(undefined, async (port) => {
    const args = ['--port', String(port), '--host', host, '--to', to, '--delay-ms', `${delayMs}`];
    const server = await startProcess({
      name: 'the delay proxy',
      command: process.execPath,
      args: [PROXY, ...args],
    });
    await untilReady({
      name: 'the delay proxy',
      server,
      timeoutMs: READY_TIMEOUT_MS,
      probe: async () => {
        if (!server.lastLines().includes(String(port))) throw new Error('it does not listen yet');
      },
    });
    return { port, stop: () => server.stop() };
  });
