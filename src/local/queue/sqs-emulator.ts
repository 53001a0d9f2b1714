import diagnosticsChannel from 'node:diagnostics_channel';

import type { buildApp, FauxqsServer } from 'fauxqs';

type EmulatorApp = ReturnType<typeof buildApp>;
type Emulator = { readonly app: EmulatorApp; readonly emulator: FauxqsServer };

/**
 * fauxqs listens on all addresses, returns queue URLs whose hosts do not resolve everywhere, delivers messages to clients
 * that have disconnected, and refuses characters that SQS accepts. It has no options for these, so its Fastify app, which
 * Fastify announces on a diagnostics channel, is adjusted before it listens.
 */
export async function adjustEmulator(start: () => Promise<FauxqsServer>): Promise<Emulator> {
  let app: EmulatorApp | undefined;
  const adjust = (message: unknown): void => {
    app = (message as { fastify: EmulatorApp }).fastify;
    bindToLoopback(app);
    app.addHook('onSend', async (request, _reply, payload) => {
      if (typeof payload !== 'string') return payload;
      const action = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
      if (action === 'ReceiveMessage' && request.raw.socket.destroyed) {
        // The emulator refuses this while it stops; then the visibility timeout applies.
        await makeVisible(request.server as EmulatorApp, request.body, payload).catch(() => {});
      }
      return action.includes('Queue') ? reachableUrls(payload, request.headers.host) : payload;
    });
  };
  await acceptAllCharacters();
  diagnosticsChannel.subscribe('fastify.initialization', adjust);
  let starting: Promise<FauxqsServer>;
  try {
    // `start` creates the app before its first await, so no other app is adjusted by mistake.
    starting = start();
  } finally {
    diagnosticsChannel.unsubscribe('fastify.initialization', adjust);
  }
  const emulator = await starting;
  if (app === undefined || new URL(emulator.address).hostname !== '127.0.0.1') {
    await emulator.stop();
    throw otherVersion(`listens on ${emulator.address}, not on loopback alone`);
  }
  return { app, emulator };
}

const otherVersion = (difference: string) =>
  new Error(
    `The SQS emulator ${difference}: this is another version of fauxqs. ` +
      'Install the version that package-lock.json names (npm ci)',
  );

// The pattern of fauxqs 2.4.1 stops at U+FFFD and checks UTF-16 units, so it refuses an emoji.
const REFUSED_BY_SQS = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

async function acceptAllCharacters(): Promise<void> {
  const types = await import(new URL('sqs/sqsTypes.js', import.meta.resolve('fauxqs')).href);
  const pattern: unknown = types.INVALID_MESSAGE_BODY_CHAR;
  if (!(pattern instanceof RegExp)) throw otherVersion('checks characters in another place');
  pattern.test = (text) => REFUSED_BY_SQS.test(text);
}

function bindToLoopback(app: EmulatorApp): void {
  const listen = app.listen.bind(app) as (options: { port: number }) => Promise<string>;
  const onLoopback = (options: { port: number }): Promise<string> =>
    listen({ ...options, host: '127.0.0.1' } as { port: number });
  app.listen = onLoopback as EmulatorApp['listen'];
}

// A long poll of a disconnected client still takes messages, unlike in SQS. Without this, they would stay invisible for
// the visibility timeout whenever a worker stops.
async function makeVisible(app: EmulatorApp, request: unknown, payload: string): Promise<void> {
  const { QueueUrl } = request as { QueueUrl: string };
  const { Messages = [] } = JSON.parse(payload) as { Messages?: { ReceiptHandle: string }[] };
  for (const { ReceiptHandle } of Messages) {
    const visibleAtOnce = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
    await sqsCall(app, 'localhost', 'ChangeMessageVisibility', visibleAtOnce);
  }
}

// The AWS client follows the queue URL's host instead of AWS_ENDPOINT_URL_SQS, and a stored queue URL still has the port
// of an earlier run.
function reachableUrls(payload: string, host: string | undefined): string {
  if (host === undefined) return payload;
  return payload.replaceAll(/"http:\/\/[^/"]+(\/\d{12}\/[^"]+)"/g, `"http://${host}$1"`);
}

/** Calls the emulator in this process, without the network. */
export async function sqsCall(
  app: EmulatorApp,
  host: string,
  action: string,
  body: object,
): Promise<unknown> {
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
    },
    payload: JSON.stringify(body),
  });
  if (answer.statusCode === 200) return answer.json();
  throw new Error(`The SQS emulator refused ${action}: ${answer.body}`);
}
