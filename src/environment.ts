import { existsSync } from 'node:fs';
import { adoptEnvironmentFile, isConfigured, loadEnvironmentFile } from './config.ts';
import { Problem } from './problem.ts';

/** Written by `npm start`, in the checkout. */
export const LOCAL_ENVIRONMENT_FILE = '.local/env';

/**
 * Takes the settings from the file that was named. Without one, and with no setting of ours in the environment,
 * the local stack's are used in place of any others, and that is said: nobody should mistake one stack for another.
 */
export function useEnvironment(path: string | undefined, say: (line: string) => void): void {
  if (path !== undefined) {
    read(path, loadEnvironmentFile);
  } else if (existsSync(LOCAL_ENVIRONMENT_FILE)) {
    passedOver = isConfigured();
    if (passedOver) return;
    say(`using ${LOCAL_ENVIRONMENT_FILE}, the stack of \`npm start\``);
    read(LOCAL_ENVIRONMENT_FILE, adoptEnvironmentFile);
  }
}

let passedOver = false;

/** Whether the local stack's settings are there and were not used: worth a word when something fails. */
export const localEnvironmentPassedOver = (): boolean => passedOver;

function read(path: string, load: (path: string) => void): void {
  try {
    load(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Problem(
      'the settings cannot be read',
      `${path} cannot be opened (${code})`,
      'Name a file of NAME=VALUE lines: login-etl --env-file PATH …',
    );
  }
}
