import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Problem } from '../src/errors/problem.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../src/local/local-environment.ts';
import { onFreePort } from '../src/local/ports/port-taken.ts';
import { type RunningProcess, startProcess } from '../src/local/process/child-process.ts';
import { untilReady } from '../src/local/process/server-readiness.ts';
import type { SqsChoice } from './options.ts';

export type SqsEndpoint = {
  endpoint: string;
  description: string;
  /** Undefined for an external endpoint. */
  pid: number | undefined;
  stop(): Promise<void>;
};

const READY_TIMEOUT_MS = 60_000;
const FAUXQS = fileURLToPath(new URL('./fauxqs-process.ts', import.meta.url));

/** Starts the SQS endpoint that all contestants share in its own process. */
export async function startSqsEndpoint(
  choice: SqsChoice,
  handleBytes: number,
): Promise<SqsEndpoint> {
  switch (choice.kind) {
    case 'endpoint':
      return {
        endpoint: choice.endpoint,
        description: choice.endpoint,
        pid: undefined,
        stop: async () => {},
      };
    case 'fauxqs': {
      const started = await startServer('fauxqs', process.execPath, (port) => [
        `--max-old-space-size=${Math.floor(totalmem() / 2 ** 21)}`,
        ...[FAUXQS, '--port', String(port), '--handle-bytes', String(handleBytes)],
        ...(choice.stock ? ['--stock'] : []),
      ]);
      const changes = [
        ...(handleBytes > 0 ? [`handles padded to ${handleBytes} random characters`] : []),
        ...(choice.stock ? [] : ['a receive costs the same whatever is queued']),
      ];
      return { ...started, description: ['fauxqs', ...changes].join('; ') };
    }
    case 'elasticmq': {
      const classPath = process.env.ELASTICMQ_CLASSPATH;
      if (!classPath) {
        throw new Problem(
          'ElasticMQ cannot be started',
          'ELASTICMQ_CLASSPATH is not set',
          "Set it to ElasticMQ's jars, such as '/opt/elasticmq/lib/*'; see bench/README.md.",
        );
      }
      const started = await startServer('ElasticMQ', 'java', (port) => [
        ...['-cp', classPath, '-Drest-sqs.bind-hostname=127.0.0.1', `-Drest-sqs.bind-port=${port}`],
        ...['-Dnode-address.host=127.0.0.1', `-Dnode-address.port=${port}`],
        ...['-Drest-stats.enabled=false', 'org.elasticmq.server.Main'],
      ]);
      return { ...started, description: 'ElasticMQ (its own short handles: no --handle-bytes)' };
    }
  }
}

function startServer(
  name: string,
  command: string,
  argsFor: (port: number) => string[],
): Promise<Omit<SqsEndpoint, 'description'>> {
  return onFreePort(undefined, async (port) => {
    const endpoint = `http://127.0.0.1:${port}`;
    const server: RunningProcess = await startProcess({ name, command, args: argsFor(port) });
    await untilReady({
      name,
      server,
      probe: () => answers(endpoint),
      timeoutMs: READY_TIMEOUT_MS,
    });
    return { endpoint, pid: server.pid, stop: () => server.stop() };
  });
}

async function answers(endpoint: string): Promise<void> {
  const client = new SQSClient({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
  });
  try {
    await client.send(new ListQueuesCommand({}));
  } finally {
    client.destroy();
  }
}
