import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { dayOf } from '../../../domain/tables/days.ts';
import { Problem } from '../../../errors/problem.ts';
import { readStats, STATS_QUERIES, type Stats } from '../../../postgres/logins/read-stats.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { charts, remarks } from '../../stats/charts.ts';
import { drawBars } from '../../stats/draw-bars.ts';
import { htmlPage } from '../../stats/html-page.ts';
import { printData, printJson, printMessage, terminalWidth } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const HELP = `
Counts logins by day, device type, locale and app version, and accounts by the devices and IP addresses that they
share. Sharing shows although both are masked: under one key equal values have equal masked values.

Masked values are shortened, except in JSON. It reads all rows since then, which takes time on a large table.
Needs the database role login_etl_analyst, or any that may read user_logins.

Examples:
  login-etl stats
  login-etl stats --since 90d --top 20
  login-etl stats --html logins.html
  login-etl stats --json | jq .sharedDevices
${EXIT_CODES_HELP}`;

const DEFAULT_SINCE = '14d';

type Options = { since: Date; top: number; html?: string; json?: boolean };

export function addStatsCommand(program: Command): void {
  program
    .command('stats')
    .description('count logins and shared devices, as bars or as a page with charts')
    .addOption(sinceOption('logins from that day (UTC): 7d, or a date', DEFAULT_SINCE))
    .option('--top <number>', 'values per chart', wholeNumber(1, 100), 10)
    .option('--html <file>', 'write a self-contained page with charts')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, top, html, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const progress = startProgress('  counting {bar} {value} of {total}', STATS_QUERIES);
      let stats: Stats;
      try {
        const read = (pool: Pool) =>
          readStats(pool, {
            since: dayOf(since),
            top,
            onQuery: (queries) => progress.update(queries, {}),
          });
        stats = await withDatabase(command, postgres, read, { migrated: false });
      } finally {
        progress.stop();
      }
      if (html !== undefined) await writePage(html, stats);
      if (json) printJson(stats);
      else if (html === undefined) printData(describe(stats));
    });
}

async function writePage(file: string, stats: Stats): Promise<void> {
  await writeFile(file, htmlPage(stats, new Date())).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'the page was not written',
      `${file} (${error.code})`,
      'Choose another file with --html.',
    );
  });
  printMessage(`wrote ${file}`);
}

const describe = (stats: Stats): string[] => [
  ...remarks(stats),
  ...charts(stats).flatMap((chart) => ['', ...drawBars(chart, terminalWidth())]),
];
