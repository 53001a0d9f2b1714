import { fileURLToPath } from 'node:url';
import type { ApiContext } from '../src/api/api-context.ts';
import { buildApp } from '../src/api/build-app.ts';
import { createServer } from '../src/http/serve.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates docs/openapi.json from the routes of the read service.
const FILE = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));

/** The routes are described without a database. */
export async function openapiDocument(): Promise<string> {
  const settings = { tokens: [], behindTlsProxy: false, requestsPerMinute: 1 };
  const app = await buildApp({ settings } as unknown as ApiContext, createServer({}));
  const document = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return document;
}

if (import.meta.main) {
  const document = await openapiDocument();
  await writeOrCheck(FILE, () => document);
}
