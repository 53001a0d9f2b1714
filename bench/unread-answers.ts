import diagnosticsChannel from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { buildApp } from 'fauxqs';
import { sqsCall } from '../src/local/queue/sqs-emulator.ts';

type EmulatorApp = ReturnType<typeof buildApp>;
type Answer = { request: unknown; payload: string };

/**
 * Makes messages visible again at once when their client reset the connection before it read them. The AWS SDK for Go
 * occasionally does so with a nearby server (aws-sdk-go-v2#2737), and Bento would wait for the visibility timeout, which
 * would distort its time.
 */
export function takeBackUnreadAnswers(): void {
  diagnosticsChannel.subscribe('fastify.initialization', (message) => {
    const app = (message as { fastify: EmulatorApp }).fastify;
    const lastAnswers = new WeakMap<Socket, Answer>();
    const watched = new WeakSet<Socket>();
    app.addHook('onSend', async (request, _reply, payload) => {
      const { socket } = request.raw;
      // A client that sends another request has read the previous answer.
      lastAnswers.delete(socket);
      const received = request.headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage';
      if (received && typeof payload === 'string') {
        lastAnswers.set(socket, { request: request.body, payload });
      }
      if (!watched.has(socket)) {
        watched.add(socket);
        socket.once('error', () => void takeBack(app, lastAnswers.get(socket)).catch(() => {}));
      }
      return payload;
    });
  });
}

async function takeBack(app: EmulatorApp, answer: Answer | undefined): Promise<void> {
  if (!answer) return;
  const { QueueUrl } = answer.request as { QueueUrl: string };
  const { Messages = [] } = JSON.parse(answer.payload) as {
    Messages?: { ReceiptHandle: string }[];
  };
  for (const { ReceiptHandle } of Messages) {
    const visibleAtOnce = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
    await sqsCall(app, 'localhost', 'ChangeMessageVisibility', visibleAtOnce);
  }
}
