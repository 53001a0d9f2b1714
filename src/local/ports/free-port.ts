import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

const loopback = '127.0.0.1';
const answerTimeoutMs = 500;

// Ports that were handed out and may not be in use yet: two parts that start concurrently must not get the same one.
const givenAway = new Set<number>();

/** Returns the preferred port if nothing listens on it, else one that the operating system chooses. */
export async function freePort(preferred?: number, host = loopback): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred, host))) return preferred;
  for (;;) {
    const port = await bindable(0, host);
    if (port === undefined) throw new Error(`No free port on ${host}: the system has none left`);
    if (givenAway.has(port)) continue;
    givenAway.add(port);
    return port;
  }
}

/**
 * Binding is not a sufficient check: macOS allows binding 127.0.0.1 beside a listener on all addresses, and `localhost`
 * would reach a listener on ::1 first. So this also checks that nothing answers on either.
 */
export async function isPortFree(port: number, host = loopback): Promise<boolean> {
  if ((await bindable(port, host)) === undefined) return false;
  const answers = await Promise.all([answersOn(port, loopback), answersOn(port, '::1')]);
  return !answers.includes(true);
}

async function bindable(port: number, host: string): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

async function answersOn(port: number, host: string): Promise<boolean> {
  const socket = connect({ port, host });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      // A timeout means a firewall (some drop all of ::1), not a listener.
      socket.setTimeout(answerTimeoutMs, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
