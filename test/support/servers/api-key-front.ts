import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

const UNAUTHENTICATED = '16';

export type ApiKeyFront = {
  address: string;
  /** Changes the key that is accepted. */
  setKey(key: string): void;
  stop(): Promise<void>;
};

/** A gRPC proxy in front of Temporal that accepts only one API key: the dev server accepts any. */
export async function startApiKeyFront(temporal: string, firstKey: string): Promise<ApiKeyFront> {
  let key = firstKey;
  const upstream = connect(`http://${temporal}`);
  upstream.on('error', () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers.authorization === `Bearer ${key}`) return passOn(stream, headers);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNAUTHENTICATED },
      { endStream: true },
    );
  });
  function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const onward = upstream.request(headers);
    onward.on('error', () => stream.destroy());
    stream.on('close', () => onward.close());
    let trailers = {};
    onward.on('trailers', (received) => {
      trailers = received;
    });
    onward.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) {
        stream.respond(answer, { endStream: true });
        return;
      }
      stream.respond(answer, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      onward.pipe(stream);
    });
    stream.pipe(onward);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    setKey: (next) => {
      key = next;
    },
    stop: async () => {
      upstream.destroy();
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
