import type { Command } from 'commander';
import pg, { type Pool } from 'pg';
import { Problem } from '../../../errors/problem.ts';
import { type MigrationResult, migrate } from '../../../postgres/run-migrations.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
It can be run again at any time, also by several people at the same time.
Needs the database role login_etl_migrator, or the owner of the tables.

Examples:
  login-etl migrate
  DATABASE_URL=postgres://owner:…@db/logins login-etl migrate
${EXIT_CODES_HELP}`;

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('create or update the tables, and the partitions of the coming year')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const apply = (pool: Pool) =>
        migrate(pool).catch((error: unknown) => {
          throw raisedByMigration(error) ?? error;
        });
      const result = await withDatabase(command, postgres, apply, { migrated: false });
      if (json) printJson(result);
      else printData(describe(result));
    });
}

function describe({ applied, partitionsMade, owner }: MigrationResult): string[] {
  return [
    ...(applied.length === 0
      ? ['all migrations were already applied']
      : [`applied ${applied.length} migration(s):`, ...applied.map((name) => `  ${name}`)]),
    `created ${partitionsMade} partition(s) of user_logins, which belongs to ${owner}`,
  ];
}

/** An exception that a migration itself raises, with a message and a hint of ours. */
const raisedByMigration = (error: unknown): Problem | undefined =>
  error instanceof pg.DatabaseError && error.code === 'P0001'
    ? new Problem('a migration was not applied', error.message, error.hint ?? '')
    : undefined;
