import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { lazyConnection } from '../../src/temporal/connect-client.ts';

// An uncaught exception fails the run, as it would end the program.
test('a connection may be closed while the SDK retries a call', async () => {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = lazyConnection({
      connectionOptions: { address },
      namespace: 'default',
      custodianNamespace: 'default',
      recoveryWindowDays: 1,
    });
    const calls = Array.from({ length: 20 }, () => connection.workflowService.getSystemInfo({}));
    const settled = Promise.allSettled(calls);
    await expect.poll(() => attempts).toBeGreaterThan(1);
    await connection.close();
    expect((await settled).map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
  } finally {
    server.close();
  }
});
