import { chown, open, realpath, rename, rm, stat } from 'node:fs/promises';

/**
 * Replaces a key file atomically: a reader finds the old or the new text, even after a power failure. The file keeps its
 * owner, and only the owner can read it. Concurrent calls can't lose a key: the second one fails (EEXIST).
 */
export async function replaceKeyFile(path: string, text: string): Promise<void> {
  // Replace the target of a link, not the link.
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
