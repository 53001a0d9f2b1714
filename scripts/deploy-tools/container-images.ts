import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
  const directory = imagesDirectory();
  mkdirSync(directory, { recursive: true });
  process.stderr.write('Building the image: about two minutes, four the first time\n');
  const { status } = spawnSync('bash', [join(import.meta.dirname, 'build-images.sh')], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DIRECTORY: directory, IMAGE, PAUSE_IMAGE },
  });
  return status === 0;
}
