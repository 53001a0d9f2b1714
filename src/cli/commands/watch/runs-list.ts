import type { Command } from 'commander';
import { type LedgerEntry, readLatestRuns } from '../../../postgres/runs/read-runs.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { describeReasons, mergeUnrecorded, statesOf } from '../../runs/merge-unrecorded.ts';
import { readUnrecorded } from '../../runs/read-unrecorded.ts';
import { runFates } from '../../runs/run-fates.ts';
import { runsTable } from '../../runs/runs-table.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Latest first, from the ledger (ingest_runs), and from Temporal: it knows the state of runs that have not closed, and
runs that failed before their first batch. A run with shards shows their sum, and the shards below it. A run that
continues as new has a row for each part.

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
      const [{ runs: recorded, emptyRuns }, unrecorded] = await withDatabase(
        command,
        postgres,
        (pool) =>
          Promise.all([
            readLatestRuns(pool, { since, withEmpty: all, limit }),
            readUnrecorded(pool, { since, limit }),
          ]),
        { migrated: false },
      );
      const { missingBecause } = unrecorded;
      const found = mergeUnrecorded(recorded, unrecorded.runs).slice(0, limit);
      const parts = recorded.flatMap((run) => [run, ...run.children]);
      const states = new Map<string, string>([
        ...(await runFates(parts.filter(({ outcome }) => outcome === null))),
        ...statesOf(unrecorded.runs),
      ]);
      if (json) {
        const reasons = new Map(unrecorded.runs.map(({ runId, reason }) => [runId, reason]));
        const withState = ({ outcome, children, ...run }: LedgerEntry): object => ({
          ...run,
          state: outcome ?? states.get(run.runId) ?? 'open',
          ...(reasons.has(run.runId) && { reason: reasons.get(run.runId) }),
          children: children.map(withState),
        });
        printJson({ since, emptyRuns, missingBecause, runs: found.map(withState) });
        return;
      }
      if (found.length > 0) printData(runsTable(found, states));
      if (unrecorded.runs.length > 0) printMessage(describeReasons(unrecorded.runs));
      if (missingBecause !== undefined) {
        printMessage(
          `runs that failed before their first batch are missing here: Temporal cannot be asked (${missingBecause})`,
        );
      } else if (found.length === 0) {
        printMessage(`no run${all ? '' : ' that found anything'} since ${since.toISOString()}`);
      }
      if (!all && emptyRuns > 0) {
        printMessage(`and ${emptyRuns} run(s) that found an empty queue, see --all`);
      }
    });
}
