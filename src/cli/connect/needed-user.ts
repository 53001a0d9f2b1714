import type { Command } from 'commander';
import type { LocalUser } from '../../config/environment.ts';

/** Commands that do not work with the worker's rights, by name or by the name of their group. */
const USERS: Readonly<Record<string, LocalUser>> = {
  rows: 'analyst',
  stats: 'analyst',
  find: 'custodian',
  mask: 'custodian',
  reveal: 'custodian',
  erase: 'custodian',
  quarantine: 'custodian',
  audit: 'custodian',
  remask: 'custodian',
  recover: 'custodian',
  verify: 'custodian',
  'codec-server': 'codec-server',
  'custodian-worker': 'custodian',
  migrate: 'owner',
  api: 'api',
};

/** The role that the migrations give these rights. */
export const ROLES: Readonly<Record<LocalUser, string>> = {
  worker: 'login_etl_worker',
  analyst: 'login_etl_analyst',
  custodian: 'login_etl_custodian',
  'codec-server': 'login_etl_custodian',
  owner: 'login_etl_migrator',
  api: 'login_etl_reader',
};

/** Whose rights a command needs: picks the settings file of the local stack, and is named when a right is missing. */
export const neededUser = (command: Command): LocalUser =>
  USERS[commandPath(command).split(' ')[0] ?? ''] ?? 'worker';

/** `quarantine show`: without the program's name. */
export function commandPath(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${commandPath(parent)} ${command.name()}` : command.name();
}
