import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';

import { bodies, clientOf, startedSqs } from './started-sqs.ts';

async function roundTrip(client: SQSClient, QueueUrl: string): Promise<void> {
  await client.send(new GetQueueAttributesCommand({ QueueUrl }));
}

/** Three long polls that wait at the server by the time this returns: a later call was answered. */
async function longPolls(client: SQSClient, QueueUrl: string, abortSignal: AbortSignal) {
  const answers = [1, 2, 3].map(() =>
    client
      .send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal })
      .catch((error: Error) => error),
  );
  await roundTrip(client, QueueUrl);
  return { answers };
}

test('stopping ends at once while clients long-poll', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('q');
  const never = new AbortController().signal;
  const { answers } = await longPolls(clientOf(server), QueueUrl, never);
  const stoppingAt = Date.now();
  await Promise.all([server.stop(), server.stop()]);
  await Promise.all(answers);
  expect(Date.now() - stoppingAt).toBeLessThan(1_000);
});

test('a long poll whose client hung up takes no message', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('q');
  const gone = clientOf(server);
  const abort = new AbortController();
  const { answers } = await longPolls(gone, QueueUrl, abort.signal);
  abort.abort();
  await Promise.all(answers);

  const client = clientOf(server);
  await roundTrip(client, QueueUrl);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'for the living' }));
  expect(await bodies(client, QueueUrl, 2)).toEqual(['for the living']);
});
