import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { Problem } from '../../../errors/problem.ts';
import { readStats, STATS_QUERIES, type Stats } from '../../../postgres/logins/read-stats.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withAnalystPool } from '../../connect/with-analyst-pool.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/parse-since.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { charts, remarks } from '../../stats/charts.ts';
import { drawBars } from '../../stats/draw-bars.ts';
import { htmlPage } from '../../stats/html-page.ts';
import { printData, printJson, printMessage, terminalWidth } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const HELP = `
Logins per day, by device type, locale and app version; and the devices and addresses that most accounts have in
common. This works although both are masked, because equal values have equal masked values under one key.

Masked values are shortened, but in JSON. All rows since then are read: a large table takes its time.
It needs a role that may read user_logins, and no other right.

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
    .description('what the logins have in common, as bars or as a page with charts')
    .addOption(
      new Option('--since <when>', 'logins from that day on (UTC): 7d, or a date')
        .argParser(parseSince)
        .default(parseSince(DEFAULT_SINCE), DEFAULT_SINCE),
    )
    .option('--top <number>', 'so many values of each', wholeNumber(1, 100), 10)
    .option('--html <file>', 'write a page with charts, which needs nothing beside it')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, top, html, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const progress = startProgress('  counting {bar} {value} of {total}', STATS_QUERIES);
      let stats: Stats;
      try {
        stats = await withAnalystPool(postgres, 'login-etl stats', (pool) =>
          readStats(pool, {
            since: since.toISOString().slice(0, 10),
            top,
            onQuery: (queries) => progress.update(queries, {}),
          }),
        );
      } finally {
        progress.stop();
      }
      if (html !== undefined) await writePage(html, stats);
      if (json) printJson(stats);
      else if (html === undefined) printData(describe(stats).join('\n'));
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
