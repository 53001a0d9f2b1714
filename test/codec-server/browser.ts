import { existsSync } from 'node:fs';
import { type BrowserContext, chromium } from 'playwright-core';
import { onTestFinished } from 'vitest';

const PATHS = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'];

/** Of a browser that is installed: none is downloaded. */
export const CHROMIUM = PATHS.find((path) => path !== undefined && existsSync(path));

/** A browser with no past, until the test ends. */
export async function newBrowser(): Promise<BrowserContext> {
  const browser = await chromium.launch({
    ...(CHROMIUM && { executablePath: CHROMIUM }),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  onTestFinished(() => browser.close());
  return browser.newContext({ viewport: { width: 1_400, height: 1_100 } });
}
