import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';

import {
  type SqsServer,
  type SqsServerOptions,
  startSqsServer,
} from '../../../src/local/queue/sqs-server.ts';

/** Stopped when the test is over. */
export async function startedSqs(options: SqsServerOptions = {}): Promise<SqsServer> {
  const server = await startSqsServer(options);
  onTestFinished(() => server.stop());
  return server;
}

export function clientOf(server: SqsServer): SQSClient {
  const client = new SQSClient({
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

export async function bodies(
  client: SQSClient,
  QueueUrl: string,
  WaitTimeSeconds = 0,
): Promise<unknown[]> {
  const request = { QueueUrl, WaitTimeSeconds, MaxNumberOfMessages: 10 };
  const { Messages = [] } = await client.send(new ReceiveMessageCommand(request));
  return Messages.map((message) => message.Body);
}
