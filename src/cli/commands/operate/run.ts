import type { Command } from 'commander';
import { startRun } from '../../../temporal/runs/start-run.ts';
import { readSettings, tryReadSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import {
  addIngestOptions,
  type IngestOptions,
  readIngestInput,
} from '../../options/ingest-options.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { expectedMessages } from '../../runs/expected-messages.ts';
import { showRun } from '../../runs/show-run.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Follows the run until it ends, also when it continues as new. Ctrl-C stops following; the run continues.
The exit code is 0 only if the run succeeded.

Examples:
  login-etl run
  login-etl run --max-messages 1000
  login-etl run --input '{"lanes": 8, "batchSize": 5000}' --detach
  login-etl run --follow ingest-logins-manual-2026-11-22T09:30:00.000Z
${EXIT_CODES_HELP}`;

type Options = IngestOptions & { detach?: boolean; follow?: string; json?: boolean };

export function addRunCommand(program: Command): void {
  addIngestOptions(program.command('run').description('start a run now and follow it'))
    .option('--detach', 'start it and return at once')
    .option('--follow <workflow id>', 'follow this run instead of starting one')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, command: Command) => {
      const input = readIngestInput(options);
      refuseContradictions(options, input !== undefined);
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      process.exitCode = await withTemporal(temporal, payloads.keys, async (client) => {
        // Before the run is started, which takes messages from the queue.
        const expected = options.detach
          ? 0
          : await expectedMessages(tryReadSettings(['sqs'])?.sqs, input?.maxMessages);
        const workflowId = options.follow ?? (await startRun(client, input));
        if (options.follow === undefined) printMessage(`started ${workflowId}`);
        if (options.detach) {
          if (options.json) printJson({ workflowId });
          else printData(workflowId);
          return EXIT.ok;
        }
        return showRun(client, { workflowId, expected, json: options.json ?? false });
      });
    });
}

function refuseContradictions({ follow, detach }: Options, hasInput: boolean): void {
  if (follow === undefined || (!detach && !hasInput)) return;
  throw new UsageProblem(
    '--follow does not start a run',
    'it cannot be combined with --detach or with inputs',
    'Leave one of them out.',
  );
}
