import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

export const CODEC_PATH = '/codec';

export type WebUiFront = { url: string; stop(): Promise<void> };

/**
 * Puts the codec server under the Web UI's own address, at /codec. The dev server's Web UI has no login and sends no
 * token; under one address its pages send the codec server's session cookie without any setting in the browser.
 */
export async function startWebUiFront(options: {
  port: number;
  webUi: string;
  codecServer: string;
}): Promise<WebUiFront> {
  const url = `http://127.0.0.1:${options.port}`;
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? '/';
    if (incoming.headers.host !== new URL(url).host) {
      // `localhost` is another origin for a browser, which the codec server would refuse.
      response.writeHead(307, { location: `${url}${path}` }).end();
    } else if (path.startsWith(`${CODEC_PATH}/`)) {
      passOn(incoming, response, options.codecServer, path.slice(CODEC_PATH.length));
    } else {
      passOn(incoming, response, options.webUi, path);
    }
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(
  incoming: IncomingMessage,
  response: ServerResponse,
  to: string,
  path: string,
): void {
  const { hostname, port } = new URL(to);
  const { method, headers } = incoming;
  const outgoing = request({ hostname, port, path, method, headers }, (answer) => {
    if (response.destroyed) {
      answer.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // pipeline destroys both streams when one ends early.
    pipeline(answer, response, () => undefined);
  });
  pipeline(incoming, outgoing, () => undefined);
  outgoing.on('error', () => {
    if (response.headersSent || response.destroyed) response.destroy();
    else response.writeHead(502).end();
  });
  // The browser disconnected: stop the request.
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
}
