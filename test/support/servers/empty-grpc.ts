import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export type EmptyGrpc = {
  address: string;
  /** The header of each call. */
  authorizations: (string | undefined)[];
  /** Ends all connections, and takes others by these settings. */
  replaceTls(tls: SecureServerOptions): void;
  stop(): Promise<void>;
};

const EMPTY_MESSAGE = Buffer.alloc(5);

/** Answers each gRPC call with an empty message: Temporal's dev server has neither TLS nor API keys. */
export async function startEmptyGrpc(tls?: SecureServerOptions): Promise<EmptyGrpc> {
  const secure = tls && createSecureServer(tls);
  const server = secure ?? createServer();
  const sessions = new Set<ServerHttp2Session>();
  const authorizations: EmptyGrpc['authorizations'] = [];
  server.on('sessionError', () => undefined);
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    authorizations.push(headers.authorization);
    const answer = { ':status': 200, 'content-type': 'application/grpc' };
    stream.respond(answer, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(EMPTY_MESSAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endAll = () => {
    for (const session of sessions) session.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    replaceTls(options) {
      secure?.setSecureContext(options);
      endAll();
    },
    async stop() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}
