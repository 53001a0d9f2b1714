import { rm, writeFile } from 'node:fs/promises';
import type { LocalState } from './local-state.ts';

/** Writes the settings of each kind of command for `npx login-etl …` in another terminal. */
export async function writeEnvironmentFiles(
  { environments }: LocalState,
  settings: Record<keyof LocalState['environments'], Record<string, string>>,
): Promise<void> {
  for (const [who, path] of Object.entries(environments)) {
    await writeOne(path, settings[who as keyof typeof settings]);
  }
}

/** The file contains a password: replace any existing file, so that only its owner can read it. */
async function writeOne(path: string, environment: Record<string, string>): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  await rm(path, { force: true });
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
}
