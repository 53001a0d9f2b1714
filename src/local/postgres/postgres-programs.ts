import { join } from 'node:path';

import { executableName } from '../process/executable-file.ts';
import type { PostgresAccount } from './postgres-account.ts';
import { copyPostgres } from './postgres-copy.ts';
import { type PostgresPackage, postgresPackage } from './postgres-package.ts';
import { canRun } from './reachability.ts';

export type PostgresPrograms = {
  readonly postgres: string;
  readonly initdb: string;
};

/**
 * Finds the programs where the account can run them: in node_modules, or in a copy if the account cannot enter a
 * directory above node_modules.
 */
export async function postgresPrograms(
  account: PostgresAccount | undefined,
): Promise<PostgresPrograms> {
  const installed = await postgresPackage();
  const programs = programsIn(installed.directory);
  if (await canRun(programs.postgres, account)) return programs;
  if (account === undefined) throw cannotRun(installed, programs.postgres);
  const copied = programsIn(await copyPostgres(installed));
  if (!(await canRun(copied.postgres, account))) throw cannotRun(installed, copied.postgres);
  return copied;
}

function programsIn(directory: string): PostgresPrograms {
  return {
    postgres: join(directory, 'bin', executableName('postgres')),
    initdb: join(directory, 'bin', executableName('initdb')),
  };
}

function cannotRun(installed: PostgresPackage, program: string): Error {
  return new Error(
    `PostgreSQL ${installed.version} does not run here (${program} --version fails). It needs glibc ` +
      'on Linux and a file system that allows programs. Set DATABASE_URL to a server of your own',
  );
}
