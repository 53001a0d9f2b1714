import type { Command } from 'commander';
import { Problem } from '../../../errors/problem.ts';
import type { LedgerEntry } from '../../../postgres/runs/read-runs.ts';
import { openSources } from '../../connect/open-sources.ts';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { describeOpen } from '../../runs/describe-open-run.ts';
import { type FoundRun, findRun, type TemporalView } from '../../runs/find-run.ts';
import { mergeUnrecorded } from '../../runs/merge-unrecorded.ts';
import { runsTable } from '../../runs/runs-table.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const HELP = `
Shows what the ledger and Temporal know of a run: its counts, and how and why it ended or what it is doing now.
If one of the two is unreachable, or no longer knows the run, the part of the other is shown.

Examples:
  login-etl runs show latest
  login-etl runs show ingest-logins-2026-11-22T09:30:00Z
  login-etl runs show 0b5be4fa-6f5c-4fd7-bd6b-0d4cd9ce0c46 --json
${EXIT_CODES_HELP}`;

export function addRunsShowCommand(runs: Command): void {
  runs
    .command('show')
    .description('show one run: counts, how and why it ended, failing steps')
    .argument('<id>', 'workflow id or run id, the beginning of one, or `latest`')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (id: string, { json }: { json?: boolean }, command: Command) => {
      takeEnvironment(command);
      const sources = openSources();
      try {
        const found = await findRun(sources, id);
        refuseUnknown(found);
        if (json) printJson(found);
        else printData(describe(found));
      } finally {
        await sources.close();
      }
    });
}

/** @throws Problem when neither knows the run */
function refuseUnknown({ ledger, temporal }: FoundRun): void {
  if ((ledger.reachable && ledger.parts.length > 0) || (temporal.reachable && temporal.run)) return;
  const away = [
    ...(ledger.reachable ? [] : [`Postgres cannot be asked: ${ledger.reason}`]),
    ...(temporal.reachable ? [] : [`Temporal cannot be asked: ${temporal.reason}`]),
  ];
  throw new Problem(
    'the run was not found',
    away.join('; ') || 'neither the ledger nor Temporal knows a run of this id',
    away.length > 0 ? 'Run `login-etl doctor`.' : 'Look for it with `login-etl runs --all`.',
  );
}

function describe({ workflowId, ledger, temporal }: FoundRun): string[] {
  return [
    styled('bold', workflowId),
    ...(temporal.reachable
      ? describeTemporal(temporal)
      : [styled('yellow', `  Temporal cannot be asked: ${temporal.reason}`)]),
    ...(ledger.reachable
      ? describeLedger(temporal.reachable ? withOpenRun(ledger.parts, temporal) : ledger.parts)
      : [styled('yellow', `  the ledger cannot be asked: ${ledger.reason}`)]),
  ];
}

function describeTemporal({ run }: TemporalView): string[] {
  if (!run) return ['  Temporal no longer keeps its history'];
  return [
    `  ${run.status}, ${run.status === 'waiting' ? 'begins' : 'began'} ${run.startedAt.toISOString()}${run.closedAt ? `, ended ${run.closedAt.toISOString()}` : ''}`,
    ...(run.reason ? [`  ${styled('red', run.reason)}`] : []),
    ...(run.open ? describeOpen(run.open, new Date()).map((line) => `  ${line}`) : []),
  ];
}

/** A run with shards has no row before its end. */
function withOpenRun(parts: LedgerEntry[], { run }: TemporalView): LedgerEntry[] {
  if (!run || parts.length === 0 || parts.some(({ runId }) => runId === run.runId)) return parts;
  return mergeUnrecorded(parts, [{ ...run, finishedAt: run.closedAt }]);
}

const describeLedger = (parts: Parameters<typeof runsTable>[0]): string[] =>
  parts.length > 0 ? runsTable(parts) : ['  the ledger has no row of it: it has stored nothing'];
