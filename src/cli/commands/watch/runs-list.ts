import type { Command } from 'commander';
import { readLatestRuns } from '../../../postgres/runs/read-runs.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { runFates } from '../../runs/run-fates.ts';
import { runsTable } from '../../runs/runs-table.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Latest first, from the ledger (ingest_runs). Temporal is asked for the state of runs that have not closed.
A run that continues as new, or is split into shards, has a row for each part.

Examples:
  login-etl runs
  login-etl runs --since 1d --all
  login-etl runs --limit 100 --json
  login-etl runs show ingest-logins-2026-11-22T09:30:00Z
${EXIT_CODES_HELP}`;

/** Commander's own error for an unknown command, with the nearest names. */
type WithSuggestion = { unknownCommand(): never };

const DEFAULT_SINCE = '7d';
const DEFAULT_LIMIT = 20;

type Options = { since: Date; limit: number; all?: boolean; json?: boolean };

export function addRunsListCommand(runs: Command): void {
  runs
    .command('list', { isDefault: true })
    .description('the latest runs with their counts (what `runs` alone does)')
    .addOption(
      sinceOption('runs that began since then: 7d, 12h, or a date and time', DEFAULT_SINCE),
    )
    .option('--limit <number>', 'at most this many runs', wholeNumber(1, 100_000), DEFAULT_LIMIT)
    .option('--all', 'also runs that found an empty queue')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    // Not an argument of `list`, but a mistyped subcommand of `runs`.
    .allowExcessArguments()
    .hook('preAction', (_, { args }) => {
      if (args.length > 0) (runs as Command & WithSuggestion).unknownCommand();
    })
    .action(async ({ since, limit, all = false, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const { runs: found, emptyRuns } = await withDatabase(
        command,
        postgres,
        (pool) => readLatestRuns(pool, { since, withEmpty: all, limit }),
        { migrated: false },
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
      else printMessage(`no run${all ? '' : ' that found anything'} since ${since.toISOString()}`);
      if (!all && emptyRuns > 0) {
        printMessage(`and ${emptyRuns} run(s) that found an empty queue, see --all`);
      }
    });
}
