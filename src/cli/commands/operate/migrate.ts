import type { Command } from 'commander';
import pg from 'pg';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import { Problem } from '../../../errors/problem.ts';
import { postgresPool } from '../../../postgres/pool.ts';
import { type MigrationResult, migrate } from '../../../postgres/run-migrations.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Can be run again at any time, also by several at once.

Examples:
  login-etl migrate
  DATABASE_URL=postgres://owner:…@db/logins login-etl migrate
${EXIT_CODES_HELP}`;

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('make or update the tables, and the partitions of the coming year')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { postgres } = readSettings(command, ['postgres'], 'owner');
      const pool = postgresPool(postgres, { applicationName: 'login-etl migrate' });
      try {
        const result = await connectOrExplain('Postgres', 'Check DATABASE_URL.', () =>
          migrate(pool).catch((error: unknown) => {
            throw migrationProblem(error) ?? error;
          }),
        );
        if (json) printJson(result);
        else printData(describe(result));
      } finally {
        await pool.end();
      }
    });
}

function describe({ applied, partitionsMade, owner }: MigrationResult): string {
  const migrations =
    applied.length === 0
      ? 'no migration was missing'
      : `applied ${applied.length} migration(s):\n${applied.map((name) => `  ${name}`).join('\n')}`;
  return `${migrations}\nmade ${partitionsMade} partition(s) of user_logins, which belongs to ${owner}`;
}

function migrationProblem(error: unknown): Problem | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  // Raised by the migrations themselves, in words of ours.
  if (error.code === 'P0001') {
    return new Problem('a migration was not applied', error.message, error.hint ?? '');
  }
  if (error.code === '42501') {
    return new Problem(
      'a migration was not applied',
      'the role may not do it (42501)',
      'Set DATABASE_URL to a user in the role login_etl_migrator (or whoever owns the tables): the worker’s may make none.',
    );
  }
  return undefined;
}
