import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeys, KEY_FILE_NAMES } from '../crypto/keys/generate-keys.ts';
import { writeKeyFiles } from '../crypto/keys/write-key-files.ts';
import { monthOf } from '../domain/tables/days.ts';

/** Keeps the keys of an earlier start, or generates new ones. */
export async function ensureLocalKeys(directory: string): Promise<'made' | 'kept'> {
  if (existsSync(join(directory, KEY_FILE_NAMES.vaultPrivateKey))) return 'kept';
  await writeKeyFiles(directory, await generateKeys(monthOf(new Date())));
  return 'made';
}
