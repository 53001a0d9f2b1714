import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findTemporalBinary } from '../../src/local/temporal/temporal-binary.ts';
import { toolsDirectory } from './directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the images are stored, and as archives login-etl.tar and pause.tar. */
export const imagesDirectory = (): string => join(toolsDirectory(), 'images');

export const IMAGE = 'localhost/login-etl:test';
export const PAUSE_IMAGE = 'localhost/pause:test';

/**
 * Builds the image from the Dockerfile, unchanged. No registry of images is needed: its base is made from Debian packages
 * and the Node of node_modules, and kept. @returns whether that succeeded
 */
export function buildImages(): boolean {
  process.stderr.write('Building the image: about two minutes, four the first time\n');
  return runScript('build-images.sh', { IMAGE, PAUSE_IMAGE });
}

/** Stand-ins for the images of others in docker-compose.yml, of the same names. */
export async function buildStandIns(): Promise<boolean> {
  process.stderr.write('Building stand-ins for the other images: about a minute, once\n');
  const onProgress = (message: string) => process.stderr.write(`${message}\n`);
  const TEMPORAL = await findTemporalBinary({ env: process.env, onProgress });
  return runScript('build-stand-ins.sh', { TEMPORAL });
}

function runScript(name: string, variables: Record<string, string>): boolean {
  const directory = imagesDirectory();
  mkdirSync(directory, { recursive: true });
  const { status } = spawnSync('bash', [join(import.meta.dirname, name)], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...variables, DIRECTORY: directory },
  });
  return status === 0;
}
