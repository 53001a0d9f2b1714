import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';

import { freePort } from '../../../src/local/ports/free-port.ts';
import { startSqsServer } from '../../../src/local/queue/sqs-server.ts';
import { bodies, clientOf, startedSqs } from './started-sqs.ts';

test('messages go over the wire, and the queue URL leads to the endpoint', async () => {
  const server = await startedSqs({ port: await freePort() });
  const QueueUrl = await server.createQueue('login-queue', { VisibilityTimeout: '60' });
  expect(QueueUrl).toBe(`${server.endpoint}/000000000000/login-queue`);
  const client = clientOf(server);
  const asked = await client.send(new GetQueueUrlCommand({ QueueName: 'login-queue' }));
  expect(asked.QueueUrl).toBe(QueueUrl);
  const made = await client.send(new CreateQueueCommand({ QueueName: 'other' }));
  expect(made.QueueUrl).toBe(`${server.endpoint}/000000000000/other`);
  const listed = await client.send(new ListQueuesCommand({}));
  expect(listed.QueueUrls).toEqual([QueueUrl, made.QueueUrl]);

  // A URL in a body is the sender's: only the emulator's own are adjusted.
  const body = JSON.stringify({ url: 'http://example.com/000000000000/login-queue' });
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
  expect(await bodies(client, QueueUrl)).toEqual([body]);
});

test('a body may hold every character that SQS accepts, and no other', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('q');
  const client = clientOf(server);
  const accepted = ['🦊', '\u{10ffff}', '\t\n\r', '\ud7ff\ue000\ufffd', 'é字'];
  for (const MessageBody of accepted) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  }
  const Entries = accepted.map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
  const batch = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect(batch.Failed ?? []).toEqual([]);
  const received = await bodies(client, QueueUrl);
  expect(received).toHaveLength(2 * accepted.length);
  expect(new Set(received)).toEqual(new Set(accepted));
  for (const MessageBody of ['\u0000', '\u0008', '\uffff', '\ufffe']) {
    const sent = client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await expect(sent).rejects.toThrow(/Invalid characters/);
  }
});

test('it listens on loopback only', async () => {
  const { endpoint } = await startedSqs();
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  if (outside === undefined) return;
  const socket = connect({ host: outside.address, port: Number(new URL(endpoint).port) });
  const outcome = await new Promise((resolve) => {
    socket.once('connect', () => resolve('connected')).once('error', () => resolve('refused'));
  });
  socket.destroy();
  expect(outcome).toBe('refused');
});

test('making a queue again keeps its messages', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('q');
  const client = clientOf(server);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
  expect(await server.createQueue('q')).toBe(QueueUrl);
  expect(await bodies(client, QueueUrl)).toEqual(['kept']);
});

test('a message that is made visible again, or times out, is received again', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('q', { VisibilityTimeout: '1' });
  const client = clientOf(server);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
  const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 });
  const first = (await client.send(receive)).Messages?.[0];
  await client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: first?.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
  expect((await client.send(receive)).Messages?.[0]?.Body).toBe('kept');
  expect((await client.send(receive)).Messages?.[0]?.Body).toBe('kept');
});

test('a FIFO queue keeps the order within its group', async () => {
  const server = await startedSqs();
  const QueueUrl = await server.createQueue('logins.fifo');
  const client = clientOf(server);
  for (const MessageBody of ['1', '2']) {
    const fifo = { MessageGroupId: 'g', MessageDeduplicationId: MessageBody };
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...fifo }));
  }
  expect(await bodies(client, QueueUrl)).toEqual(['1']);
});

test('a port that is taken is an error that names it', async () => {
  const { endpoint } = await startedSqs();
  const port = Number(new URL(endpoint).port);
  await expect(startSqsServer({ port })).rejects.toThrow(`Port ${port} (SQS emulator) is taken`);
});
