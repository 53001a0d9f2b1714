import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The directory for what is costly to obtain again (the Temporal server binary). It is outside the repository, so that
 * it survives `--reset` and a new clone.
 */
export function defaultCacheDirectory(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = env.HOME || homedir();
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'login-etl');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'login-etl');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'login-etl');
  }
  return join(home, '.cache', 'login-etl');
}
