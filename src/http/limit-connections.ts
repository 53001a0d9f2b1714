import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** A connection that sends nothing, or too slowly, is closed within headersTimeout and one interval. */
export const SERVER_TIMEOUTS = {
  requestTimeout: 15_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
export const TLS_TIMEOUTS = { handshakeTimeout: 5_000 };

const MAX_CONNECTIONS = 200;
/** Leaves room for those that have shown a token. */
const MAX_UNKNOWN = 150;
const MAX_UNKNOWN_PER_ADDRESS = 50;

/**
 * Bounds connections that have not shown who they are. One too many does not keep the next caller out: the oldest of its
 * address is closed, or the oldest of all.
 * @returns to be called with the request of a caller who is known
 */
export function limitConnections(
  server: Server,
  { behindTlsProxy = false } = {},
): (request: IncomingMessage) => void {
  // All of a proxy's connections have its address.
  const maxPerAddress = behindTlsProxy ? Number.POSITIVE_INFINITY : MAX_UNKNOWN_PER_ADDRESS;
  /** Oldest first. Over TLS a request has another socket than its connection, but the same peer. */
  const unknown = new Map<string, Socket>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const ofAddress = [...unknown.values()].filter(
      ({ remoteAddress }) => remoteAddress === socket.remoteAddress,
    );
    if (ofAddress.length >= maxPerAddress) ofAddress[0]?.destroy();
    else if (unknown.size >= MAX_UNKNOWN) unknown.values().next().value?.destroy();
    unknown.set(peer, socket);
    socket.on('close', () => {
      if (unknown.get(peer) === socket) unknown.delete(peer);
    });
  });
  return ({ socket }) => void unknown.delete(peerOf(socket));
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
