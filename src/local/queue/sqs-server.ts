import { startFauxqs } from 'fauxqs';
import { isPortFree } from '../ports/free-port.ts';
import { PortTakenError } from '../ports/port-taken.ts';
import { adjustEmulator, sqsCall } from './sqs-emulator.ts';

export type SqsServerOptions = {
  /** Default: a free port. */
  readonly port?: number | undefined;
  /** Clients see only the queues of their region, as in AWS. */
  readonly region?: string | undefined;
};

export type SqsServer = {
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
  /** Creates the queue unless it exists (a FIFO queue if the name ends in .fifo), and returns its URL. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
};

/**
 * Starts an SQS emulator in this process, on loopback. Queues are in memory and end with it, since the persistence of
 * fauxqs 2.4.1 loses messages that become visible again.
 */
export async function startSqsServer(options: SqsServerOptions = {}): Promise<SqsServer> {
  const { port = 0, region = 'us-east-1' } = options;
  if (port !== 0 && !(await isPortFree(port))) {
    throw new PortTakenError(`Port ${port} (SQS emulator) is taken: something listens on it`);
  }
  const { app, emulator } = await adjustEmulator(() =>
    startFauxqs({
      port,
      logger: false,
      defaultRegion: region,
    }),
  );
  let stopping: Promise<void> | undefined;
  return {
    endpoint: `http://127.0.0.1:${emulator.port}`,
    region,
    stop: () => {
      stopping ??= emulator.stop();
      return stopping;
    },
    async createQueue(name, attributes = {}) {
      const endpoint = `127.0.0.1:${emulator.port}`;
      const answer = await sqsCall(app, endpoint, 'CreateQueue', {
        QueueName: name,
        Attributes: attributes,
      });
      const { QueueUrl } = answer as { QueueUrl: string };
      return QueueUrl;
    },
  };
}
