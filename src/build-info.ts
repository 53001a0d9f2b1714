import { readFileSync } from 'node:fs';

type Manifest = { version: string };

/** The version of this build, as `--version`, the ledger and the worker's logs name it. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest
).version;
