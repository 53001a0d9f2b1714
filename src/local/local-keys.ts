import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeys, KEY_FILE_NAMES } from '../crypto/keys/generate-keys.ts';
import { writeKeyFiles } from '../crypto/keys/write-key-files.ts';

/** The keys of an earlier start, or new ones. */
export async function ensureLocalKeys(directory: string): Promise<'made' | 'kept'> {
  if (existsSync(join(directory, KEY_FILE_NAMES.vaultPrivateKey))) return 'kept';
  await writeKeyFiles(directory, await generateKeys(new Date().toISOString().slice(0, 7)));
  return 'made';
}
