import type { Client } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { describeCounts } from '../../../domain/counts.ts';
import { Problem } from '../../../errors/problem.ts';
import { refuseWhileRecovering } from '../../../temporal/recovery/steer-recovery.ts';
import { openRuns } from '../../../temporal/runs/list-runs.ts';
import { isOpen, type Steered, type Steering, steerRun } from '../../../temporal/runs/steer-run.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseDurationMs } from '../../options/duration.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const MAX_RUNS = 100;
const DEFAULT_TIMEOUT = '30s';

const COMMANDS: Readonly<Record<Steering, { description: string; help: string }>> = {
  pause: {
    description: 'pause open runs: they receive no more messages until resumed',
    help: `
The run finishes its current batches and waits. It stays open, and the schedule starts no other run meanwhile.`,
  },
  resume: {
    description: 'resume paused runs',
    help: `
This resumes runs. \`login-etl schedule resume\` resumes the schedule.`,
  },
  drain: {
    description: 'end open runs after their current batches',
    help: `
Stored messages are acknowledged and the run completes. The schedule starts the next run when it is due; to prevent
that, run \`login-etl schedule pause\` first. If no run is open, the command succeeds.`,
  },
  cancel: {
    description: 'cancel open runs: they finish their current batches and end as cancelled',
    help: `
Stored messages are acknowledged, and the ledger records the run as cancelled. \`login-etl drain\` ends a run in the same
way, but as completed. The schedule starts the next run when it is due.`,
  },
};

type Options = { workflowId?: string; timeout: number; json?: boolean };

/** Signals of the workflow, which the Web UI and tctl can send as well. */
export function addSteerCommands(program: Command): void {
  for (const steering of Object.keys(COMMANDS) as Steering[]) addSteerCommand(program, steering);
}

function addSteerCommand(program: Command, steering: Steering): void {
  const { description, help } = COMMANDS[steering];
  program
    .command(steering)
    .description(description)
    .option('--workflow-id <id>', 'only this run (default: all open runs)')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the run to confirm')
        .argParser(parseDurationMs)
        .default(parseDurationMs(DEFAULT_TIMEOUT), DEFAULT_TIMEOUT),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${help}

Examples:
  login-etl ${steering}
  login-etl ${steering} --workflow-id ingest-logins-2026-11-22T09:30:00Z --timeout 2m
  ${
    steering === 'cancel'
      ? 'tctl workflow cancel --workflow_id ingest-logins-2026-11-22T09:30:00Z'
      : `tctl workflow signal --workflow_id ingest-logins-2026-11-22T09:30:00Z --name ${steering}`
  }
${EXIT_CODES_HELP}`,
    )
    .action(async ({ workflowId, timeout, json }: Options, command: Command) => {
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      const steered = await withTemporal(temporal, payloads.keys, async (client) => {
        if (steering === 'resume') await refuseWhileRecovering(client);
        const ids = await targets(client, steering, workflowId);
        return Promise.all(ids.map((id) => steerRun(client, id, steering, timeout)));
      });
      if (json) printJson({ runs: steered });
      else for (const run of steered) printData(describe(run));
      if (steered.length === 0) printMessage('no run is open');
      const unconfirmed = steered.filter(({ confirmed }) => !confirmed);
      if (unconfirmed.length > 0) throw notConfirmed(steering, unconfirmed, timeout);
      process.exitCode = EXIT.ok;
    });
}

async function targets(
  client: Client,
  steering: Steering,
  workflowId: string | undefined,
): Promise<string[]> {
  if (workflowId !== undefined) {
    if (await isOpen(client, workflowId)) return [workflowId];
    throw new Problem(
      `there is no run to ${steering}`,
      `no run with the workflow id ${workflowId} is open`,
      'Find it with `login-etl status` or `login-etl runs`.',
    );
  }
  const ids = (await openRuns(client, MAX_RUNS)).map((run) => run.workflowId);
  if (ids.length > 0 || steering === 'drain' || steering === 'cancel') return ids;
  throw new Problem(
    `there is no run to ${steering}`,
    'no run is open',
    `See \`login-etl status\`. For the schedule use \`login-etl schedule ${steering}\`.`,
  );
}

const describe = ({ workflowId, state, counts }: Steered): string =>
  `${workflowId}  ${state}${counts ? `: ${describeCounts(counts)}` : ''}`;

function notConfirmed(steering: Steering, runs: readonly Steered[], timeoutMs: number): Problem {
  const ended = runs.every(({ state }) => state === 'ended');
  return ended
    ? new Problem(
        `there is nothing left to ${steering}`,
        'the run ended in the meantime',
        'To prevent the next run use `login-etl schedule pause`.',
      )
    : new Problem(
        `${runs.length} run(s) did not confirm the ${steering} within ${timeoutMs / 1_000} s`,
        'no worker answers, or its build does not support the signal',
        'Temporal keeps the signal, and a worker will act on it. See `login-etl status`; start a worker with `npm run worker`.',
      );
}
