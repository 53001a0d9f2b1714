import type { Client } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { describeCounts } from '../../../domain/counts.ts';
import { Problem } from '../../../errors/problem.ts';
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
    description: 'have what runs now take no more messages, until it is resumed',
    help: `
The run finishes the batches in hand and waits. It stays open, and as long as it does the schedule starts no other.`,
  },
  resume: {
    description: 'let a paused run go on',
    help: `
This resumes a run; \`login-etl schedule resume\` resumes the schedule.`,
  },
  drain: {
    description: 'have what runs now finish what is in hand, and stop',
    help: `
What is stored is acknowledged, and the run ends well. The schedule starts the next one when it is due:
\`login-etl schedule pause\` first, if that is not wanted. With no run going on there is nothing to do, and it succeeds.`,
  },
};

type Options = { workflowId?: string; timeout: number; json?: boolean };

/** Three signals to the workflow; the Web UI and tctl can send them too. */
export function addSteerCommands(program: Command): void {
  for (const steering of Object.keys(COMMANDS) as Steering[]) addSteerCommand(program, steering);
}

function addSteerCommand(program: Command, steering: Steering): void {
  const { description, help } = COMMANDS[steering];
  program
    .command(steering)
    .description(description)
    .option('--workflow-id <id>', 'only this run; by default every open run')
    .addOption(
      new Option('--timeout <duration>', 'wait so long until the run says that it does')
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
  tctl workflow signal --workflow_id ingest-logins-2026-11-22T09:30:00Z --name ${steering}
${EXIT_CODES_HELP}`,
    )
    .action(async ({ workflowId, timeout, json }: Options, command: Command) => {
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      const steered = await withTemporal(temporal, payloads.keys, async (client) => {
        const ids = await targets(client, steering, workflowId);
        return Promise.all(ids.map((id) => steerRun(client, id, steering, timeout)));
      });
      if (json) printJson({ runs: steered });
      else for (const run of steered) printData(describe(run));
      if (steered.length === 0) printMessage('no run is going on: there is nothing to finish');
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
      'no run of this workflow id is going on',
      'Look for it with `login-etl status` or `login-etl runs`.',
    );
  }
  const ids = (await openRuns(client, MAX_RUNS)).map((run) => run.workflowId);
  if (ids.length > 0 || steering === 'drain') return ids;
  throw new Problem(
    `there is no run to ${steering}`,
    'none is going on just now',
    `Look with \`login-etl status\`; \`login-etl schedule ${steering}\` is for the schedule.`,
  );
}

const describe = ({ workflowId, state, counts }: Steered): string =>
  `${workflowId}  ${state}${counts ? `: ${describeCounts(counts)}` : ''}`;

function notConfirmed(steering: Steering, runs: readonly Steered[], timeoutMs: number): Problem {
  const ended = runs.every(({ state }) => state === 'ended');
  return ended
    ? new Problem(
        `there is nothing to ${steering} any more`,
        'the run ended meanwhile',
        'Keep the next one from starting with `login-etl schedule pause`.',
      )
    : new Problem(
        `${runs.length} run(s) did not say that they ${steering} within ${timeoutMs / 1_000} s`,
        'no worker answers, or it is of a build that does not know this',
        'The signal is kept and will be followed. Look with `login-etl status`; start a worker with `npm run worker`.',
      );
}
