import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpServerSettings } from '../config/http-server-settings.ts';
import { Problem } from '../errors/problem.ts';
import { SERVER_TIMEOUTS, TLS_TIMEOUTS } from './limit-connections.ts';

const IDLE_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/** A server for HTTP or, with a certificate, HTTPS. It does not listen yet. */
export function createServer(
  { tls }: Pick<HttpServerSettings, 'tls'>,
  listener?: RequestListener,
): Server {
  const server = tls
    ? createHttpsServer(
        { ...SERVER_TIMEOUTS, ...TLS_TIMEOUTS, ...tls, minVersion: 'TLSv1.2' },
        listener,
      )
    : createHttpServer(SERVER_TIMEOUTS, listener);
  server.setTimeout(IDLE_MS);
  return server;
}

/**
 * @param setting names the address
 * @returns the server's URL
 */
export async function listenAt(
  server: Server,
  { listen, tls }: Pick<HttpServerSettings, 'listen' | 'tls'>,
  { name, setting }: { name: string; setting: string },
): Promise<string> {
  server.listen(listen);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      `the ${name} cannot listen`,
      `${listen.host}:${listen.port} cannot be used (${error.code})`,
      error.code === 'EADDRINUSE'
        ? `Another program listens there, perhaps the ${name} that \`npm start\` runs. To use another port, change ${setting}.`
        : `Check ${setting}.`,
    );
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return `${tls ? 'https' : 'http'}://${host}:${port}`;
}

/** Refuses new connections, answers the requests under way, then closes; cuts off what takes too long. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
  await closed;
  clearTimeout(cut);
}
