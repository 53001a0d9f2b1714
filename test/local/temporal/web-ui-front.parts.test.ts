import { once } from 'node:events';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startWebUiFront, type WebUiFront } from '../../../src/local/temporal/web-ui-front.ts';

let behind: Server;
let front: WebUiFront;
/** Requests that got through, and are not answered by themselves. */
let waiting: ServerResponse[];

beforeEach(async () => {
  waiting = [];
  behind = createServer((incoming, response) => {
    if (incoming.url === '/wait') waiting.push(response);
    else response.end(`answer to ${incoming.url}`);
  });
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  const address = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  front = await startWebUiFront({
    port: await freePort(),
    webUi: address,
    codecServer: address,
  });
});
afterEach(async () => {
  await front.stop();
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
