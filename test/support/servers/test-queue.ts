import { GetQueueAttributesCommand, PurgeQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type SqsServer, startSqsServer } from '../../../src/local/queue/sqs-server.ts';
import { openQueue, type Queue } from '../../../src/queue/open-queue.ts';
import { sqsClient } from '../../../src/queue/sqs-client.ts';
import { UndoList } from '../undo-list.ts';
import { type SqsProxy, startSqsProxy } from './sqs-proxy.ts';

export type QueueOptions = {
  queueAttributes?: Readonly<Record<string, string>>;
  fifo?: boolean;
  visibilityTimeoutSeconds?: number;
  redrive?: { maxReceiveCount: number };
};

export type QueueDepth = { visible: number; inFlight: number };

export type TestQueue = {
  server: SqsServer;
  client: SQSClient;
  queue: Queue;
  proxy: SqsProxy;
  /** The same queue through the proxy. */
  proxied: Queue;
  /** The queue to which the redrive policy moves messages, if there is one. */
  deadLetterUrl: string | undefined;
  depth(): Promise<QueueDepth>;
  purge(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts an SQS emulator with one queue, and a proxy in front of it. */
export async function startTestQueue(options: QueueOptions = {}): Promise<TestQueue> {
  const undo = new UndoList();
  try {
    const server = await startSqsServer();
    undo.push(() => server.stop());
    const suffix = options.fifo ? '.fifo' : '';
    const deadLetterName = `dead-letters${suffix}`;
    const deadLetterUrl =
      options.redrive && (await server.createQueue(deadLetterName, fifo(options)));
    const url = await server.createQueue(`login-queue${suffix}`, {
      ...fifo(options),
      ...(options.visibilityTimeoutSeconds && {
        VisibilityTimeout: String(options.visibilityTimeoutSeconds),
      }),
      ...(options.redrive && {
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:${server.region}:000000000000:${deadLetterName}`,
          maxReceiveCount: options.redrive.maxReceiveCount,
        }),
      }),
      ...options.queueAttributes,
    });
    const open = async (endpoint: string): Promise<Queue> => {
      const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
      const settings = { region: server.region, endpoint, queue: { url }, credentials };
      const client = sqsClient(settings);
      undo.push(() => client.destroy());
      const queue = await openQueue(client, settings);
      undo.push(() => queue.call.close());
      return queue;
    };
    const queue = await open(server.endpoint);
    const { client } = queue;
    const proxy = await startSqsProxy(server.endpoint);
    undo.push(() => proxy.stop());
    const proxied = await open(proxy.endpoint);
    proxy.forget();
    return {
      server,
      client,
      queue,
      proxy,
      proxied,
      deadLetterUrl,
      depth: () => queueDepth(client, url),
      purge: async () => {
        await client.send(new PurgeQueueCommand({ QueueUrl: url }));
      },
      stop: () => undo.run(),
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

const fifo = (options: QueueOptions) => (options.fifo ? { FifoQueue: 'true' } : {});

export async function queueDepth(client: SQSClient, url: string): Promise<QueueDepth> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages),
    inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  };
}
