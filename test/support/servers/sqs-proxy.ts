import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** A call to SQS, such as `ReceiveMessage`, with its JSON. */
export type SqsCall = {
  action: string;
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
};

export type SqsAnswer = {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
};

/**
 * Decides what happens to a call: pass it on, and perhaps change the answer; answer without asking SQS; or return
 * undefined to cut the connection.
 */
export type Fault = (
  call: SqsCall,
  passOn: () => Promise<SqsAnswer>,
) => Promise<SqsAnswer | undefined> | SqsAnswer | undefined;

export type SqsProxy = {
  endpoint: string;
  /** All calls since the start or the last `forget()`. */
  calls: readonly SqsCall[];
  forget(): void;
  /** Sends each later call through the fault; without one, calls are passed on unchanged. */
  setFault(fault?: Fault): void;
  stop(): Promise<void>;
};

/** Starts an HTTP proxy in front of SQS, which injects faults and records calls. */
export async function startSqsProxy(target: string): Promise<SqsProxy> {
  const calls: SqsCall[] = [];
  let fault: Fault | undefined;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await buffer(incoming);
    const call: SqsCall = {
      action: String(incoming.headers['x-amz-target']).replace('AmazonSQS.', ''),
      body: JSON.parse(raw.toString('utf8')) as Record<string, unknown>,
      headers: incoming.headers,
    };
    calls.push(call);
    const passOn = () => forward(target, incoming, raw, response);
    const answer = await (fault ? fault(call, passOn) : passOn());
    if (answer === undefined) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, {
      'content-type': 'application/x-amz-json-1.0',
      ...answer.headers,
    });
    response.end(JSON.stringify(answer.body));
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    forget: () => void calls.splice(0),
    setFault: (next) => {
      fault = next;
    },
    stop: () => close(server),
  };
}

/** Passes the call on unchanged, and aborts it when the caller disconnects: a long poll must not outlive its client. */
function forward(
  target: string,
  incoming: IncomingMessage,
  raw: Buffer,
  response: ServerResponse,
): Promise<SqsAnswer> {
  return new Promise((resolve, reject) => {
    const onward = request(
      `${target}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        buffer(answer).then(
          (body) =>
            resolve({
              status: answer.statusCode ?? 502,
              body: JSON.parse(body.toString('utf8') || '{}') as Record<string, unknown>,
            }),
          reject,
        );
      },
    );
    onward.on('error', reject);
    response.on('close', () => onward.destroy());
    onward.end(raw);
  });
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** An error answer in the form that SQS uses. */
export const sqsError = (status: number, name: string): SqsAnswer => ({
  status,
  body: { __type: `com.amazonaws.sqs#${name}`, message: `${name}, by the proxy` },
});

/** Counts concurrent calls of an action from now on, each of which takes `delayMs` longer. @returns a function that returns the highest count so far */
export function peakConcurrency(proxy: SqsProxy, action: string, delayMs = 0): () => number {
  let running = 0;
  let peak = 0;
  proxy.setFault(async (call, passOn) => {
    if (call.action !== action) return passOn();
    running += 1;
    peak = Math.max(peak, running);
    try {
      if (delayMs > 0) await delay(delayMs);
      return await passOn();
    } finally {
      running -= 1;
    }
  });
  return () => peak;
}
