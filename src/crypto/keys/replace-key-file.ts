import { chown, open, realpath, rename, rm, stat } from 'node:fs/promises';

/**
 * Puts a new text in the place of a key file, all at once: a reader finds the old one or the new one, also after a
 * power cut. It stays its owner's, who alone may read it. Two at once can't lose a key: the second fails (EEXIST).
 */
export async function replaceKeyFile(path: string, text: string): Promise<void> {
  // Of a link, the file that it names.
  const real = await realpath(path);
  const beside = `${real}.new`;
  const { uid, gid } = await stat(real);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    const written = await stat(beside);
    if (written.uid !== uid || written.gid !== gid) await chown(beside, uid, gid);
    await rename(beside, real);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(beside, { force: true });
    throw error;
  }
}
