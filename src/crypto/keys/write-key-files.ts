import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyFiles } from './generate-keys.ts';

/** Writes key files that only their owner can read. Never replaces an existing file: lost keys can't be recovered. */
export async function writeKeyFiles(directory: string, files: KeyFiles): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const paths = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    paths.push(path);
  }
  return paths;
}
