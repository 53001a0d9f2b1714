import type { Command } from 'commander';
import pg, { type Pool } from 'pg';
import { Problem } from '../../../errors/problem.ts';
import { adoptTable, planAdoption, surveyRows } from '../../../postgres/adopt/adopt-table.ts';
import {
  hasForeignTable,
  type MigrationResult,
  migrate,
} from '../../../postgres/run-migrations.ts';
import { adoptionProgress } from '../../adopt/adoption-progress.ts';
import { describeAdoption, describePlan } from '../../adopt/describe-adoption.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
It can be run again at any time, also by several people at the same time.
Needs the database role login_etl_migrator, or the owner of the tables.

A user_logins that login-etl did not create is left alone, unless --adopt is given: docs/existing-table.md says how its
rows are copied, and what stays behind. It can be interrupted and run again. The old table is kept as user_logins_before.

Examples:
  login-etl migrate
  login-etl migrate --adopt --dry-run
  DATABASE_URL=postgres://owner:…@db/logins login-etl migrate
${EXIT_CODES_HELP}`;

type Options = { adopt?: boolean; dryRun?: boolean; batchPages?: number; json?: boolean };

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('create or update the tables, and the partitions of the coming year')
    .option('--adopt', 'take over a user_logins that login-etl did not create')
    .option('--dry-run', 'with --adopt: show what it would do, and change nothing')
    .option(
      '--batch-pages <number>',
      'with --adopt: pages of 8 kB to copy in one transaction (default: 512)',
      wholeNumber(1, 100_000),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, command: Command) => {
      if (!options.adopt && (options.dryRun || options.batchPages !== undefined)) {
        throw new UsageProblem(
          'nothing was done',
          '--dry-run and --batch-pages belong to --adopt',
          'Add --adopt, or leave them out.',
        );
      }
      const { postgres } = readSettings(command, ['postgres']);
      await withDatabase(command, postgres, (pool) => apply(pool, options), { migrated: false });
    });
}

async function apply(pool: Pool, options: Options): Promise<void> {
  const { adopt, dryRun, json } = options;
  const adoption = adopt ? await adoptForeignTable(pool, options) : undefined;
  if (dryRun) return;
  const result = await migrate(pool).catch((error: unknown) => {
    throw raisedByMigration(error) ?? error;
  });
  if (json) printJson({ ...result, ...(adoption && { adoption }) });
  else printData(describe(result));
}

async function adoptForeignTable(pool: Pool, { dryRun, batchPages, json }: Options) {
  if (!(await hasForeignTable(pool))) {
    printMessage('there is no user_logins to adopt: it belongs to login-etl, or does not exist');
    return undefined;
  }
  const plan = await planAdoption(pool);
  const progress = adoptionProgress();
  try {
    const counts = await surveyRows(pool, plan, progress.update);
    if (dryRun && json) printJson({ ...plan, ...counts });
    else if (!json) printData(describePlan(plan, counts));
    if (dryRun) return undefined;
    const adoption = await adoptTable(pool, plan, counts, {
      pagesPerBatch: batchPages,
      onProgress: progress.update,
    });
    progress.stop();
    if (!json) printData(describeAdoption(adoption));
    return adoption;
  } finally {
    progress.stop();
  }
}

function describe({
  applied,
  partitionsMade,
  indexesBuilt,
  brokenConstraints,
  owner,
}: MigrationResult): string[] {
  return [
    ...(applied.length === 0
      ? ['all migrations were already applied']
      : [`applied ${applied.length} migration(s):`, ...applied.map((name) => `  ${name}`)]),
    `created ${partitionsMade} partition(s) of user_logins, which belongs to ${owner}`,
    ...(indexesBuilt > 0 ? [`built ${indexesBuilt} index(es) of its partitions`] : []),
    ...brokenConstraints.map(
      ({ table, constraint, rows }) =>
        `${rows} older row(s) of ${table} break its constraint ${constraint}, which holds for new rows: correct them, then migrate again`,
    ),
  ];
}

/** An exception that a migration itself raises, with a message and a hint of ours. */
const raisedByMigration = (error: unknown): Problem | undefined =>
  error instanceof pg.DatabaseError && error.code === 'P0001'
    ? new Problem('a migration was not applied', error.message, error.hint ?? '')
    : undefined;
