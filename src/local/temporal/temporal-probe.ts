import { connect } from 'node:net';

import { Connection } from '@temporalio/client';

const timeoutMs = 2_000;

/** Throws unless the server answers for its default namespace and the Web UI, if any, answers. */
export async function probeTemporal(port: number, uiAddress: string | undefined): Promise<void> {
  await accepts(port);
  await answers(`127.0.0.1:${port}`);
  if (uiAddress !== undefined) {
    await fetch(uiAddress, { signal: AbortSignal.timeout(timeoutMs) });
  }
}

// The gRPC client waits a second before it retries a refused port; a TCP connection first is faster.
async function accepts(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
  } finally {
    socket.destroy();
  }
}

async function answers(address: string): Promise<void> {
  const connection = await Connection.connect({
    address,
    connectTimeout: timeoutMs,
    // gRPC reads http_proxy from the environment, and no proxy reaches our loopback.
    channelArgs: { 'grpc.enable_http_proxy': 0 },
  });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
  } finally {
    await connection.close();
  }
}
