import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type FastClient, fastClient } from './fast-client.ts';
import type { SqsSettings } from './sqs-client.ts';

/** A queue that exists and that our credentials may read. */
export type Queue = {
  client: SQSClient;
  /** For the two calls that are made for every message. */
  call: FastClient;
  url: string;
  /** Shown in messages. */
  name: string;
  fifo: boolean;
  visibilityTimeoutSeconds?: number;
};

/** Finds the queue by its URL or name and asks for its attributes, so that a wrong one fails here. */
export async function openQueue(
  client: SQSClient,
  settings: SqsSettings,
  abortSignal?: AbortSignal,
): Promise<Queue> {
  const options = abortSignal ? { abortSignal } : {};
  const url =
    'url' in settings.queue
      ? settings.queue.url
      : await findUrl(client, settings.queue.name, options);
  await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }),
    options,
  );
  return {
    client,
    call: fastClient(client, settings.region, settings.endpoint ?? new URL(url).origin),
    url,
    name: url.split('/').at(-1) ?? url,
    fifo: url.endsWith('.fifo'),
    ...(settings.visibilityTimeoutSeconds && {
      visibilityTimeoutSeconds: settings.visibilityTimeoutSeconds,
    }),
  };
}

async function findUrl(
  client: SQSClient,
  name: string,
  options: { abortSignal?: AbortSignal },
): Promise<string> {
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }), options);
  if (!QueueUrl) throw new Error('SQS answered GetQueueUrl without a URL');
  return QueueUrl;
}
