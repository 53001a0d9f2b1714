import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

export const CODEC_PATH = '/codec';

export type WebUiFront = {
  url: string;
  /** Logs the browser in that opens it first, and no other. */
  loginLink: string;
  stop(): Promise<void>;
};

const SETTINGS_PATH = '/api/v1/settings';
const LOGIN_PATH = `${CODEC_PATH}/login`;
const ONCE_PATH = `${CODEC_PATH}/once-`;
const NOT_LOGGED_IN = 'Payloads are shown after a login to the codec server:';

/**
 * Puts the codec server under the Web UI's own address, at /codec. The dev server's Web UI has no login and sends no
 * token; under one address its pages send the codec server's session cookie without any setting in the browser.
 */
export async function startWebUiFront(options: {
  port: number;
  webUi: string;
  codecServer: string;
  /** With the codec server's token; read only when the login link is opened. */
  tokenFile: string;
}): Promise<WebUiFront> {
  const url = `http://127.0.0.1:${options.port}`;
  // Beside the login page: the path of the session's cookie is that of the page that sets it.
  const oncePath = `${ONCE_PATH}${randomBytes(16).toString('base64url')}`;
  let used = false;
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? '/';
    if (incoming.headers.host !== new URL(url).host) {
      // `localhost` is another origin for a browser, which the codec server would refuse.
      response.writeHead(307, { location: `${url}${path}` }).end();
    } else if (incoming.method === 'GET' && path.split('?')[0] === SETTINGS_PATH) {
      answerWith(response, settings(incoming, options.webUi, `${url}${LOGIN_PATH}`));
    } else if (incoming.method === 'GET' && path.startsWith(ONCE_PATH)) {
      const logsIn = !used && isSame(path, oncePath);
      if (logsIn) used = true;
      answerWith(response, logsIn ? logIn(options) : toLoginPage());
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
    loginLink: `${url}${oncePath}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Answer = { status: number; headers: Record<string, string | string[]>; body: string };

/** The Web UI's settings, with a link to the login page for its error. The dev server has no option for it. */
async function settings(incoming: IncomingMessage, webUi: string, link: string): Promise<Answer> {
  const { cookie = '' } = incoming.headers;
  const answer = await fetch(`${webUi}${SETTINGS_PATH}`, { headers: { cookie } });
  const { Codec: codec, ...others } = (await answer.json()) as { Codec?: object };
  const withLink = { ...codec, DefaultErrorMessage: NOT_LOGGED_IN, DefaultErrorLink: link };
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'set-cookie': answer.headers.getSetCookie() },
    body: JSON.stringify({ ...others, Codec: withLink }),
  };
}

/** Types the token on the login page in the browser's place: the answer has the session's cookie. */
async function logIn({ codecServer, tokenFile }: { codecServer: string; tokenFile: string }) {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const { status, headers } = await fetch(`${codecServer}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  });
  const passed = ['location', 'set-cookie'].map((name) => [name, headers.get(name) ?? '']);
  return {
    status,
    headers: {
      ...Object.fromEntries(passed),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
    body: '',
  };
}

function answerWith(response: ServerResponse, answer: Promise<Answer>): void {
  answer.then(
    ({ status, headers, body }) => response.writeHead(status, headers).end(body),
    () => response.writeHead(502).end(),
  );
}

const toLoginPage = async (): Promise<Answer> => ({
  status: 303,
  headers: { location: LOGIN_PATH },
  body: '',
});

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
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
