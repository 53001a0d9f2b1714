import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Every user can enter it, and it survives a reboot. */
const openDirectory = '/var/tmp';

export function storePath(name: string): string {
  return join(openDirectory, `login-etl-${name}`);
}

/**
 * Creates a directory of root that other users can traverse. Everyone can write to /var/tmp, so a directory with this
 * name that does not belong to root is refused.
 */
export async function openStore(path: string): Promise<void> {
  await mkdir(path, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await isOwnDirectory(path))) {
    throw new Error(`${path} belongs to another user: remove it, then start again`);
  }
  // mkdir's mode is subject to the umask.
  await chmod(path, 0o711);
}

export async function isOwnDirectory(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}
