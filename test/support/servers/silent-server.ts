import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type SilentServer = { address: string; stop(): Promise<void> };

/** Takes every connection and never says a word: as a server that hangs, or a firewall that swallows answers. */
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
