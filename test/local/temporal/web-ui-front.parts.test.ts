import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startWebUiFront, type WebUiFront } from '../../../src/local/temporal/web-ui-front.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';

const TOKEN = 'a token of the codec server';

let directory: string;
let behind: Server;
/** What was posted to the login page. */
let posted: string[];
let front: WebUiFront;
/** Requests that got through, and are not answered by themselves. */
let waiting: ServerResponse[];

beforeEach(async () => {
  waiting = [];
  posted = [];
  directory = await makeTestDirectory('front');
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  behind = createServer((incoming, response) => {
    if (incoming.url === '/api/v1/settings') {
      response.setHeader('set-cookie', '_csrf=1');
      response.end(JSON.stringify({ Version: '2.42', Codec: { Endpoint: 'kept' } }));
    } else if (incoming.url === '/login' && incoming.method === 'POST') {
      void text(incoming).then((body) => {
        posted.push(body);
        response.writeHead(303, { location: '/', 'set-cookie': 'session=1; HttpOnly' }).end();
      });
    } else if (incoming.url === '/wait') waiting.push(response);
    else response.end(`answer to ${incoming.url}`);
  });
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  const address = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  front = await startWebUiFront({
    port: await freePort(),
    webUi: address,
    codecServer: address,
    tokenFile,
  });
});
afterEach(async () => {
  await front.stop();
  await rm(directory, { recursive: true });
  behind.close();
  behind.closeAllConnections();
});

const answerTo = async (path: string) => (await fetch(front.url + path)).text();

/** A request that has reached the server behind. */
async function asked() {
  const browser = get(`${front.url}/wait`);
  browser.on('error', () => undefined);
  await expect.poll(() => waiting.length).toBe(1);
  return { browser, response: waiting[0] as ServerResponse };
}

test('a page is passed on, and what is under /codec goes to the codec server', async () => {
  expect(await answerTo('/namespaces')).toBe('answer to /namespaces');
  expect(await answerTo('/codec/decode')).toBe('answer to /decode');
});

test('the settings of the Web UI get a link to the login page, and keep the rest', async () => {
  const answer = await fetch(`${front.url}/api/v1/settings?`);
  expect(answer.headers.getSetCookie()).toEqual(['_csrf=1']);
  expect(await answer.json()).toEqual({
    Version: '2.42',
    Codec: {
      Endpoint: 'kept',
      DefaultErrorMessage: expect.stringContaining('login'),
      DefaultErrorLink: `${front.url}/codec/login`,
    },
  });
});

test('the login link logs in once, and then leads to the login page, as a wrong one does', async () => {
  const open = (link: string) => fetch(link, { redirect: 'manual' });
  const wrong = [`${front.loginLink.slice(0, -1)}`, `${front.url}/codec/once-${'é'.repeat(11)}`];
  for (const link of wrong) {
    const answer = await open(link);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/codec/login']);
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
  const first = await open(front.loginLink);
  expect(first.headers.getSetCookie()).toEqual(['session=1; HttpOnly']);
  const second = await open(front.loginLink);
  expect([second.status, second.headers.get('location')]).toEqual([303, '/codec/login']);
  expect(second.headers.getSetCookie()).toEqual([]);
  expect(posted.map((body) => new URLSearchParams(body).get('token'))).toEqual([TOKEN]);
});

test('a browser that goes away before it has an answer ends its request, and nobody else is disturbed', async () => {
  const { browser, response } = await asked();
  browser.destroy();
  await expect.poll(() => response.destroyed).toBe(true);
  expect(await answerTo('/next')).toBe('answer to /next');
});

test('a browser that goes away as its answer comes disturbs nobody', async () => {
  for (let times = 0; times < 20; times += 1) {
    waiting = [];
    const { browser, response } = await asked();
    browser.destroy();
    response.end('too late');
  }
  expect(await answerTo('/next')).toBe('answer to /next');
});

test('a server behind that breaks off ends the answer; one that is not there is a bad gateway', async () => {
  const { browser, response } = await asked();
  const failed = once(browser, 'close');
  response.writeHead(200).write('half of');
  response.destroy();
  await failed;
  behind.close();
  behind.closeAllConnections();
  await once(behind, 'close');
  expect((await fetch(`${front.url}/next`)).status).toBe(502);
});
