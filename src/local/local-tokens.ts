import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { API_SCOPES } from '../config/sections/api-section.ts';

const newToken = (): string => randomBytes(32).toString('hex');

/** Keeps the tokens of an earlier start, or makes new ones. Only their owner can read the files. */
export async function ensureLocalTokens(files: {
  codecServerToken: string;
  apiTokens: string;
}): Promise<void> {
  await ensure(files.codecServerToken, newToken);
  await ensure(files.apiTokens, () => JSON.stringify(apiTokens(), null, 2));
}

/** One for each scope, to see what it allows, and one for all of them. */
const apiTokens = () => [
  { name: 'local', scopes: API_SCOPES, token: newToken() },
  ...API_SCOPES.map((scope) => ({
    name: `local-${scope.replace('logins:', '')}`,
    scopes: [scope],
    token: newToken(),
  })),
];

async function ensure(path: string, make: () => string): Promise<void> {
  if (existsSync(path)) return;
  await writeFile(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
}
