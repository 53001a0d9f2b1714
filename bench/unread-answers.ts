import diagnosticsChannel from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { buildApp } from 'fauxqs';
import { sqsCall } from '../src/local/queue/sqs-emulator.ts';

type EmulatorApp = ReturnType<typeof buildApp>;
type Answer = { request: unknown; payload: string };

/**
 * Makes messages visible again at once whose client reset the connection before it had read them. The AWS SDK for Go
 * does so now and then with a server as near as this one (aws-sdk-go-v2#2737): Bento would wait for the rest of their
 * visibility timeout, and its time would be that of its bad luck.
 */
export function takeBackUnreadAnswers(): void {
  diagnosticsChannel.subscribe('fastify.initialization', (message) => {
    const app = (message as { fastify: EmulatorApp }).fastify;
    const lastAnswers = new WeakMap<Socket, Answer>();
    const watched = new WeakSet<Socket>();
    app.addHook('onSend', async (request, _reply, payload) => {
      const { socket } = request.raw;
      // A client that asks again has read the answer before.
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
