import { existsSync } from 'node:fs';
import { Problem } from '../errors/problem.ts';
import { adoptEnvironmentFile, isConfigured, loadEnvironmentFile } from './process-environment.ts';

/** Written by `npm start`, in the checkout. */
export const LOCAL_ENVIRONMENT_FILE = '.local/env';

/** Beside it: the settings of others than the worker, for commands that need their rights. */
export const LOCAL_ENVIRONMENT_FILES = {
  worker: LOCAL_ENVIRONMENT_FILE,
  owner: '.local/owner.env',
  custodian: '.local/custodian.env',
  analyst: '.local/analyst.env',
} as const;

export type LocalUser = keyof typeof LOCAL_ENVIRONMENT_FILES;

/**
 * Takes the settings from the file that was named. Without one, and with no setting of ours in the environment,
 * the local stack's are used in place of any others, and that is said: nobody should mistake one stack for another.
 */
export function useEnvironment(
  path: string | undefined,
  say: (line: string) => void,
  user: LocalUser = 'worker',
): void {
  const local = LOCAL_ENVIRONMENT_FILES[user];
  if (path !== undefined) {
    read(path, loadEnvironmentFile);
  } else if (existsSync(local)) {
    passedOver = isConfigured();
    if (passedOver) return;
    say(`using ${local}, the stack of \`npm start\``);
    read(local, adoptEnvironmentFile);
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
