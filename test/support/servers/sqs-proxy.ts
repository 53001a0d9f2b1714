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

/** One call on its way: `ReceiveMessage`, with its JSON. */
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
 * What happens to a call. It may be passed on, and the answer to it changed; answered without SQS ever hearing of
 * it; or cut off (undefined).
 */
export type Fault = (
  call: SqsCall,
  passOn: () => Promise<SqsAnswer>,
) => Promise<SqsAnswer | undefined> | SqsAnswer | undefined;

export type SqsProxy = {
  endpoint: string;
  /** Every call since the start or the last `forget()`. */
  calls: readonly SqsCall[];
  forget(): void;
  /** From now on each call goes through this; without one it is passed on as it is. */
  setFault(fault?: Fault): void;
  stop(): Promise<void>;
};

/** A real HTTP proxy before SQS, so that faults come over the wire, and calls can be counted. */
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

/** Passes the call on as it came, and gives up when its caller does: a long poll must not outlive its client. */
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

/** An error as SQS answers it. */
export const sqsError = (status: number, name: string): SqsAnswer => ({
  status,
  body: { __type: `com.amazonaws.sqs#${name}`, message: `${name}, by the proxy` },
});

/** How many calls of an action there were at once: counted from now on, read by calling the result. */
export function peakConcurrency(proxy: SqsProxy, action: string): () => number {
  let running = 0;
  let peak = 0;
  proxy.setFault(async (call, passOn) => {
    if (call.action !== action) return passOn();
    running += 1;
    peak = Math.max(peak, running);
    try {
      return await passOn();
    } finally {
      running -= 1;
    }
  });
  return () => peak;
}
