import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { readRows } from '../../../postgres/logins/read-rows.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { FORMATS, type Format, rowWriter } from '../../rows/row-writers.ts';
import { printMessage } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const DEFAULT_IN_TABLE = 20;
/** A table is laid out as a whole, so all its rows are in memory. */
const MAX_IN_TABLE = 1_000;

const HELP = `
The rows of user_logins, latest first. Without --limit a table has ${DEFAULT_IN_TABLE} rows, csv and json have all.
A table shortens the masked values. csv and json are streamed, so any number of rows takes little memory.

The values come from the senders of the messages. In csv a value that a spreadsheet would run as a formula (it
begins with = + - @, a tab or a carriage return) gets a ' before it. For programs --exact leaves it as it is.

Needs the database role login_etl_analyst, or any that may read user_logins.

Examples:
  login-etl rows
  login-etl rows --locale de_DE --since 1h
  login-etl rows --format csv --since 2026-11-01 > logins.csv
  login-etl rows --json --limit 1000 | jq -r '.[].user_id'
${EXIT_CODES_HELP}`;

type Options = {
  limit?: number;
  since?: Date;
  locale?: string;
  format: Format;
  exact?: boolean;
  json?: boolean;
};

export function addRowsCommand(program: Command): void {
  program
    .command('rows')
    .description('show the latest rows as a table, CSV or JSON')
    .option('--limit <number>', 'at most this many rows', wholeNumber(1))
    .addOption(sinceOption('stored since then: 7d, 12h, or a date and time'))
    .option('--locale <locale>', 'only rows with exactly this locale')
    .addOption(
      new Option('--format <format>', 'how to print them').choices(FORMATS).default('table'),
    )
    .option('--exact', 'with csv: do not escape formulas')
    .option('--json', 'the same as --format json')
    .addHelpText('after', HELP)
    .action(async ({ exact = false, ...options }: Options, command: Command) => {
      const format = options.json ? 'json' : options.format;
      const limit = options.limit ?? (format === 'table' ? DEFAULT_IN_TABLE : undefined);
      if (format === 'table') refuseLongTable(limit);
      const { postgres } = readSettings(command, ['postgres']);
      const writer = rowWriter(format, { exact });
      const progress = startProgress('  {value} rows', 0);
      let count = 0;
      try {
        const { since, locale } = options;
        const readAll = (pool: Pool) =>
          readRows(pool, { since, locale, limit }, async (rows) => {
            await writer.take(rows);
            count += rows.length;
            // On a terminal the bar would be mixed with the rows.
            if (format === 'table' || !process.stdout.isTTY) progress.update(count, {});
          });
        await withDatabase(command, postgres, readAll, { migrated: false });
      } finally {
        progress.stop();
      }
      await writer.end();
      if (count === 0) printMessage('no rows');
    });
}

function refuseLongTable(limit = 0): void {
  if (limit <= MAX_IN_TABLE) return;
  throw new UsageProblem(
    'that is too long for a table',
    `a table has at most ${MAX_IN_TABLE} rows`,
    'Lower --limit, or use --format csv or json, which have no limit.',
  );
}
