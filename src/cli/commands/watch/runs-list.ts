import { type Command, Option } from 'commander';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import { postgresPool } from '../../../postgres/pool.ts';
import { readLatestRuns } from '../../../postgres/runs/read-runs.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/parse-since.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { runFates } from '../../runs/run-fates.ts';
import { runsTable } from '../../runs/runs-table.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
The latest first, from the ledger (ingest_runs). Temporal is asked what became of those that have not closed.
A run that continues as new, or is split into shards, leaves a row for each part.

Examples:
  login-etl runs
  login-etl runs --since 1d --all
  login-etl runs --limit 100 --json
  login-etl runs show ingest-logins-2026-11-22T09:30:00Z
${EXIT_CODES_HELP}`;

const DEFAULT_SINCE = '7d';
const DEFAULT_LIMIT = 20;

type Options = { since: Date; limit: number; all?: boolean; json?: boolean };

export function addRunsListCommand(runs: Command): void {
  runs
    .command('list', { isDefault: true })
    .description('the latest runs with their counts (what `runs` alone does)')
    .addOption(
      new Option('--since <when>', 'runs that began since then: 7d, 12h, or a date and time')
        .argParser(parseSince)
        .default(parseSince(DEFAULT_SINCE), DEFAULT_SINCE),
    )
    .option('--limit <number>', 'how many runs at most', wholeNumber(1, 100_000), DEFAULT_LIMIT)
    .option('--all', 'also those that found nothing to do')
    .option('--json', 'print them as JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, limit, all = false, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const pool = postgresPool(postgres, { applicationName: 'login-etl runs' });
      try {
        const { runs: found, emptyRuns } = await connectOrExplain(
          'Postgres',
          'Check DATABASE_URL.',
          () => readLatestRuns(pool, { since, withEmpty: all, limit }),
        );
        const fates = await runFates(found.filter(({ outcome }) => outcome === null));
        if (json) {
          const list = found.map(({ outcome, ...run }) => ({
            ...run,
            state: outcome ?? fates.get(run.runId) ?? 'open',
          }));
          printJson({ since, emptyRuns, runs: list });
          return;
        }
        if (found.length > 0) printData(runsTable(found, fates));
        else
          printMessage(`no run${all ? '' : ' that found anything'} since ${since.toISOString()}`);
        if (!all && emptyRuns > 0) {
          printMessage(`and ${emptyRuns} run(s) that found nothing to do, which --all shows`);
        }
      } finally {
        await pool.end();
      }
    });
}
