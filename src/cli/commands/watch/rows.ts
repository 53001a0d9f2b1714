import { type Command, Option } from 'commander';
import { readRows } from '../../../postgres/logins/read-rows.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withAnalystPool } from '../../connect/with-analyst-pool.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/parse-since.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { FORMATS, type Format, rowWriter } from '../../rows/row-writers.ts';
import { printMessage } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const DEFAULT_IN_TABLE = 20;
/** A table is laid out as a whole, so all of it is in memory. */
const MAX_IN_TABLE = 1_000;

const HELP = `
The rows of user_logins, the latest first: ${DEFAULT_IN_TABLE} in a table, all of them in csv and json unless --limit says how many.
A table shortens the masked values. csv and json are written as they are read: any number of rows takes little memory.

Values come from whoever sends the messages. In csv, one that a spreadsheet would take for a formula (it begins
with = + - @, a tab or a carriage return) gets a ' before it; --exact leaves it as it is, for programs.

It needs a role that may read user_logins, and no other right.

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
    .description('the latest rows, as a table, CSV or JSON')
    .option('--limit <number>', 'how many rows at most', wholeNumber(1))
    .addOption(
      new Option('--since <when>', 'stored since then: 7d, 12h, or a date and time').argParser(
        parseSince,
      ),
    )
    .option('--locale <locale>', 'only of this locale, exactly')
    .addOption(
      new Option('--format <format>', 'how to print them').choices(FORMATS).default('table'),
    )
    .option('--exact', 'with csv: leave what looks like a formula as it is')
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
        await withAnalystPool(postgres, 'login-etl rows', (pool) =>
          readRows(pool, { since: options.since, locale: options.locale, limit }, async (rows) => {
            await writer.take(rows);
            count += rows.length;
            // Where rows and bar would share the terminal, the rows are what was asked for.
            if (format === 'table' || !process.stdout.isTTY) progress.update(count, {});
          }),
        );
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
    `it shows ${MAX_IN_TABLE} rows at most`,
    'Lower --limit, or choose --format csv or json, which take any number.',
  );
}
