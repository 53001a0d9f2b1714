import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Problem } from '../errors/problem.ts';
import { adoptEnvironmentFile, isConfigured, loadEnvironmentFile } from './process-environment.ts';

/** `npm start` writes them in the checkout, for commands that need another database user or fewer secrets. */
const LOCAL_ENVIRONMENT_FILES = {
  worker: '.local/env',
  owner: '.local/owner.env',
  custodian: '.local/custodian.env',
  analyst: '.local/analyst.env',
  'codec-server': '.local/codec-server.env',
  api: '.local/api.env',
} as const;

export type LocalUser = keyof typeof LOCAL_ENVIRONMENT_FILES;

/** The settings file of the local stack for this user, if `npm start` has written it. */
export function localEnvironmentFile(user: LocalUser): string | undefined {
  const path = LOCAL_ENVIRONMENT_FILES[user];
  return existsSync(path) ? path : undefined;
}

/**
 * Loads the settings from the given file. Without a file, and if the environment has none of our settings, it uses those
 * of the local stack and says so, so that nobody confuses two stacks.
 */
export function useEnvironment(
  path: string | undefined,
  say: (line: string) => void,
  user: LocalUser = 'worker',
): void {
  const local = localEnvironmentFile(user);
  passedOver = undefined;
  if (path !== undefined) {
    read(path, loadEnvironmentFile);
    if (local !== undefined && resolve(local) !== resolve(path)) {
      passedOver = { path: local, named: true };
    }
  } else if (local !== undefined) {
    if (isConfigured()) {
      passedOver = { path: local, named: false };
      return;
    }
    say(`using ${local}, the stack of \`npm start\``);
    read(local, adoptEnvironmentFile);
  }
}

/** `named`: because a file was named, and not because the environment has settings. */
type PassedOver = { path: string; named: boolean };

let passedOver: PassedOver | undefined;

/** The file of the local stack that exists but was not used, for a hint when something fails. */
export const localEnvironmentPassedOver = (): PassedOver | undefined => passedOver;

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
