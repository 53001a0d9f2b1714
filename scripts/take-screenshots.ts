import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { SCHEDULE_ID } from '../src/domain/names.ts';
import { findChromium } from './screenshots/find-chromium.ts';
import { startLocalStack } from './screenshots/local-stack.ts';
import { startReadService } from './screenshots/read-service.ts';
import { terminalPage } from './screenshots/terminal-page.ts';

// A program that takes the pictures of the README from its own local stack, and those of the read service's pages
// (`--pages`: only those).
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
];
const NAMESPACE = '/namespaces/default';
const PATIENCE_MS = 30_000;

type Picture = { name: string; height: number; open(page: Page, webUi: string): Promise<void> };

const PICTURES: readonly Picture[] = [
  {
    name: 'run',
    height: 1_010,
    async open(page, webUi) {
      await openRun(page, webUi);
      await page.getByText('recordRun').first().waitFor();
    },
  },
];

/** The run of the samples, which is the first; later runs find an empty queue. */
async function openRun(page: Page, webUi: string): Promise<void> {
  await page.goto(`${webUi}${NAMESPACE}/workflows`);
  await page.locator(`a:has-text("${SCHEDULE_ID}-")`).last().click();
  await page.getByText('Event History').first().waitFor();
}

async function takePictures(webUi: string, directory: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ARGUMENTS });
  try {
    const terminal = await browser.newPage({ viewport: { width: 1_280, height: 400 } });
    await terminal.setContent(await terminalPage(directory, ['status']));
    await terminal.locator('pre').screenshot({ path: join(IMAGES, 'status.png') });
    await terminal.close();
    process.stdout.write('docs/images/status.png\n');
    for (const { name, height, open } of PICTURES) {
      const page = await browser.newPage({ viewport: { width: 1_280, height } });
      page.setDefaultTimeout(PATIENCE_MS);
      await open(page, webUi);
      // Fonts load late, and waiting for an idle network would hang: the Web UI polls an open run.
      await page.evaluate('document.fonts.ready.then(() => true)');
      await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled' });
      await page.close();
      process.stdout.write(`docs/images/${name}.png\n`);
    }
  } finally {
    await browser.close();
  }
}

async function takePages(directory: string): Promise<void> {
  const service = await startReadService(directory);
  const browser = await chromium.launch({ executablePath: findChromium(), args: ARGUMENTS });
  try {
    const page = await browser.newPage({ viewport: { width: 1_000, height: 640 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${service.url}/sign-in`);
    await page.getByLabel('Token').fill(service.token);
    await page.keyboard.press('Enter');
    const shoot = async (name: string) => {
      await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled' });
      process.stdout.write(`docs/images/${name}.png\n`);
    };
    // The days are counted in the background.
    for (;;) {
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      if ((await page.locator('svg rect').count()) > 1) break;
      await page.reload();
    }
    await shoot('overview');
    await page.goto(`${service.url}/search`);
    await page.getByLabel('App version').fill('2.1');
    await page.getByLabel('User').fill('user-1004');
    await page.keyboard.press('Enter');
    await page.getByRole('table').waitFor();
    await shoot('search');
    await page.goto(`${service.url}/devices/${service.device}`);
    await page.getByRole('table').first().waitFor();
    await shoot('device');
  } finally {
    await browser.close();
    await service.stop();
  }
}

// As root, Postgres runs as another user, which must be able to traverse this directory.
const directory = await mkdtemp(join(tmpdir(), 'login-etl-screenshots-'));
await chmod(directory, 0o755);
await mkdir(IMAGES, { recursive: true });
try {
  await takePages(directory);
  if (!process.argv.includes('--pages')) {
    const stack = await startLocalStack(directory);
    try {
      await takePictures(stack.webUi, directory);
    } finally {
      await stack.stop();
    }
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
