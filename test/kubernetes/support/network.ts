import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import type { UndoList } from '../../support/undo-list.ts';

/** Of a bridge in this network namespace: pods have addresses in its network and reach nothing else. */
export const NODE_ADDRESS = '10.45.0.1';
export const POD_NETWORK = '10.45.0.0/16';
export const BRIDGE = 'login-etl0';

const ip = (...args: string[]) => promisify(execFile)('ip', args);

export async function makeBridge(): Promise<void> {
  await ip('link', 'add', BRIDGE, 'type', 'bridge');
  await ip('address', 'add', `${NODE_ADDRESS}/16`, 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  // It leads nowhere, but the API server and the kubelet look for their own address by it.
  await ip('route', 'add', 'default', 'dev', BRIDGE);
}

/** Lets pods reach a server on this machine's loopback. @returns the port at NODE_ADDRESS */
export async function forward(port: number, undo: UndoList): Promise<number> {
  const server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  server.listen(0, NODE_ADDRESS);
  await once(server, 'listening');
  undo.push(async () => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
