import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { HostAndPort } from '../../config/host-and-port.ts';
import { limitConnections, SERVER_TIMEOUTS } from '../../http/limit-connections.ts';
import { areReady, type Readiness } from './readiness.ts';

type HealthServer = {
  /** Answers "not ready" from now on, since the worker accepts no more work. */
  shuttingDown(): void;
  close(): Promise<void>;
};

/**
 * `/healthz` answers 200 while the process runs its event loop, unless its credentials were refused for too long. `/readyz`
 * answers 200 when Temporal, Postgres and the queue answer, else 503; the body names the part that does not answer or
 * refuses the credentials.
 */
export async function startHealthServer(
  address: HostAndPort,
  readiness: Readiness,
  isGivenUp: () => boolean = () => false,
): Promise<HealthServer> {
  let stopping = false;
  const answerReady = async (response: ServerResponse) => {
    const parts = await readiness();
    const ready = !stopping && areReady(parts);
    answer(response, ready ? 200 : 503, {
      status: ready ? 'ready' : 'not ready',
      ...(stopping && { reason: 'shutting down' }),
      ...parts,
    });
  };
  const server = createServer(SERVER_TIMEOUTS, (request, response) => {
    if (request.url === '/healthz' && isGivenUp()) {
      answer(response, 503, { status: 'credentials are refused' });
    } else if (request.url === '/healthz') answer(response, 200, { status: 'alive' });
    else if (request.url === '/readyz') void answerReady(response);
    else answer(response, 404, { status: 'there are /healthz and /readyz' });
  });
  limitConnections(server);
  server.listen({ ...address });
  await once(server, 'listening');
  return {
    shuttingDown: () => {
      stopping = true;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
