import { existsSync } from 'node:fs';
import { Problem } from '../errors/problem.ts';
import { adoptEnvironmentFile, isConfigured, loadEnvironmentFile } from './process-environment.ts';

/** `npm start` writes it in the checkout. */
export const LOCAL_ENVIRONMENT_FILE = '.local/env';

/** The settings of the other database users, for commands that need their privileges. */
const LOCAL_ENVIRONMENT_FILES = {
  worker: LOCAL_ENVIRONMENT_FILE,
  owner: '.local/owner.env',
  custodian: '.local/custodian.env',
  analyst: '.local/analyst.env',
} as const;

export type LocalUser = keyof typeof LOCAL_ENVIRONMENT_FILES;

/**
 * Loads the settings from the given file. Without a file, and if the environment has none of our settings, it uses those
 * of the local stack and says so, so that nobody confuses two stacks.
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

/** Reports whether the local stack's settings exist but were not used, for a hint when something fails. */
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
