import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { toolsDirectory } from '../../../scripts/deploy-tools/directory.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SCRIPT = join(ROOT, 'test/kubernetes/support/build-images.sh');

/** Archives that `ctr images import` takes. */
export type ImageArchives = { loginEtl: string; pause: string };

export const IMAGE = 'localhost/login-etl';

/**
 * Builds the image from the Dockerfile. No registry is needed: its base, of the same name, is made from Debian packages
 * and the Node of node_modules. Layers are kept in the cache directory.
 */
export async function buildImages(): Promise<ImageArchives> {
  const directory = join(toolsDirectory(), 'images');
  await mkdir(directory, { recursive: true });
  process.stderr.write('Building the image: about two minutes, four the first time\n');
  const env = { ...process.env, DIRECTORY: directory };
  await promisify(execFile)('bash', [SCRIPT], { cwd: ROOT, env, maxBuffer: 2 ** 26 });
  const archives = {
    loginEtl: join(directory, 'login-etl.tar'),
    pause: join(directory, 'pause.tar'),
  };
  for (const archive of Object.values(archives)) {
    if (!existsSync(archive)) throw new Error(`${archive} was not made`);
  }
  return archives;
}
