import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type SilentServer = { address: string; stop(): Promise<void> };

/** Accepts every connection and never answers, like a server that hangs or a firewall that drops packets. */
export async function startSilentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
