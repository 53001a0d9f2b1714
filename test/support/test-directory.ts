import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty directory that all may read, since PostgreSQL runs as another user under root. The caller removes it. */
export async function makeTestDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `login-etl-test-${name}-`));
  await chmod(directory, 0o755);
  return directory;
}
