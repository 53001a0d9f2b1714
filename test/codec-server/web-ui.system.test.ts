import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/domain/names.ts';
import { freePort } from '../../src/local/ports/free-port.ts';
import { startTemporalServer } from '../../src/local/temporal/temporal-server.ts';
import { CODEC_PATH, startWebUiFront } from '../../src/local/temporal/web-ui-front.ts';
import { temporaryDirectory } from '../local/temporary-directory.ts';
import { CHROMIUM, newBrowser } from './browser.ts';
import { type StartedCodecServer, startedCodecServer, TOKEN } from './started-codec-server.ts';

/** In the encrypted input, and nowhere else. */
const MARK = 424_242;

type Ui = { origin: string; codec: StartedCodecServer; workflowPath: string; loginLink?: string };

/** The Web UI of a real server, a codec server, and a workflow whose input is encrypted. */
async function startUi(codecUnder: 'the same address' | 'another address'): Promise<Ui> {
  const frontPort = await freePort();
  const uiPort = await freePort();
  const front = codecUnder === 'the same address';
  const origin = `http://127.0.0.1:${front ? frontPort : uiPort}`;
  const codec = await startedCodecServer({ uiOrigin: origin });
  const temporal = await startTemporalServer({
    binary: inject('temporalBinary'),
    uiPort,
    ...(front && { uiCodecEndpoint: `${origin}${CODEC_PATH}` }),
  });
  onTestFinished(() => temporal.stop());
  let loginLink: string | undefined;
  if (front) {
    const tokenFile = join(await temporaryDirectory(), 'token');
    await writeFile(tokenFile, TOKEN);
    const started = await startWebUiFront({
      port: frontPort,
      webUi: temporal.uiAddress as string,
      codecServer: codec.url,
      tokenFile,
    });
    onTestFinished(() => started.stop());
    ({ loginLink } = started);
  }
  const connection = await Connection.connect({ address: temporal.address });
  onTestFinished(() => connection.close());
  const client = new Client({ connection, dataConverter: dataConverter(codec.keys) });
  const workflowId = `ingest-${randomUUID()}`;
  const run = await client.workflow.start(WORKFLOW_TYPE, {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [{ maxMessages: MARK }],
  });
  const workflowPath = `/namespaces/default/workflows/${workflowId}/${run.firstExecutionRunId}/history`;
  return { origin, codec, workflowPath, ...(loginLink && { loginLink }) };
}

async function login(browser: BrowserContext, address: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(address);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.waitForURL(/\/namespaces\//);
  return page;
}

/** The page of the run, once the Web UI has its answer from the codec server. */
async function shownInput(page: Page, { origin, workflowPath }: Ui): Promise<string> {
  const decoded = page.waitForResponse((response) => response.url().endsWith('/decode'));
  await page.goto(`${origin}${workflowPath}`);
  await decoded;
  const shown = async () => (await page.locator('body').textContent()) ?? '';
  await expect.poll(shown, { timeout: 30_000 }).toMatch(/maxMessages|encryption-key-id/);
  return shown();
}

describe.skipIf(CHROMIUM === undefined)('the Web UI in a browser', () => {
  test('shows a payload only after the token was typed', async () => {
    const ui = await startUi('the same address');
    const stranger = await (await newBrowser()).newPage();
    expect(await shownInput(stranger, ui)).not.toContain(String(MARK));
    expect(await ui.codec.records()).toEqual([]);

    const page = await login(await newBrowser(), `${ui.origin}${CODEC_PATH}/login`);
    expect(await shownInput(page, ui)).toContain(String(MARK));
    const [record] = await ui.codec.records();
    expect(record?.detail).toMatchObject({
      caller: 'on-call',
      authenticated_by: 'session',
      said_by_caller: { namespace: 'default', workflowId: ui.workflowPath.split('/')[4] },
    });
  }, 120_000);

  test('its error leads to the login page, and the link of `npm start` logs in without one', async () => {
    const ui = await startUi('the same address');
    const browser = await newBrowser();
    const page = await browser.newPage();
    expect(await shownInput(page, ui)).not.toContain(String(MARK));
    const link = page.getByRole('link', { name: `${ui.origin}${CODEC_PATH}/login` });
    const [loginPage] = await Promise.all([browser.waitForEvent('page'), link.first().click()]);
    await loginPage.getByLabel('Token').waitFor();

    await page.goto(ui.loginLink ?? '');
    await page.waitForURL(/\/namespaces\//);
    await page.goto(`${ui.origin}${ui.workflowPath}`);
    await expect
      .poll(() => page.locator('body').textContent(), { timeout: 30_000 })
      .toContain(String(MARK));

    const other = await (await newBrowser()).newPage();
    await other.goto(ui.loginLink ?? '');
    await other.getByLabel('Token').waitFor();
  }, 120_000);

  test('shows it with the codec server at another address, by its own cross-origin setting', async () => {
    const ui = await startUi('another address');
    const browser = await newBrowser();
    await browser.addInitScript((endpoint) => {
      localStorage.setItem('endpoint', JSON.stringify(endpoint));
      localStorage.setItem('includeCredentials', 'true');
      localStorage.setItem('overrideRemoteCodecConfiguration', 'true');
    }, ui.codec.url);
    expect(await shownInput(await browser.newPage(), ui)).not.toContain(String(MARK));
    const page = await login(browser, `${ui.codec.url}/login`);
    expect(await shownInput(page, ui)).toContain(String(MARK));
  }, 120_000);
});
