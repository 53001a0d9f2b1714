import type { Command } from 'commander';
import {
  InvalidRotationInput,
  parseRotationInput,
  ROTATION_SETTINGS,
  type RotationInput,
} from '../../../domain/rotation-input.ts';
import {
  rotationStatus,
  startRotation,
  stopRotation,
} from '../../../temporal/rotation/steer-rotation.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { describeStatus } from '../../custody/rotation-status.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson } from '../../terminal/output.ts';

const { rowsPerStep, pauseMsBetweenSteps } = ROTATION_SETTINGS;

const HELP = `
Rows made with an old masking key get the active one, from their originals in the vault, while ingestion goes on.
First give every worker, and the custodian's, a keyring with the new key active: \`login-etl keys rotate\`.

Examples:
  login-etl rotate start --reason "yearly rotation" --to 2027-01
  login-etl rotate start --reason "key 2026-11 leaked" --rows-per-step 500 --pause-ms 200
  login-etl rotate status
  login-etl rotate stop
${EXIT_CODES_HELP}`;

export function addRotateCommand(program: Command): void {
  const rotate = program
    .command('rotate')
    .description('give the rows of old masking keys the active one')
    .addHelpText('after', HELP);

  rotate
    .command('start')
    .description('start it; the custodian worker does it')
    .requiredOption('--reason <text>', 'why; it goes on the record, and must hold no value')
    .option('--to <key id>', 'refuse any other key than this one')
    .option(
      '--rows-per-step <number>',
      `rows a step, at most; ${rowsPerStep.default} if not given`,
      wholeNumber(rowsPerStep.min, rowsPerStep.max),
    )
    .option(
      '--pause-ms <milliseconds>',
      'rest after each step, to leave Postgres to others',
      wholeNumber(pauseMsBetweenSteps.min, pauseMsBetweenSteps.max),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: StartOptions, command: Command) => {
      const input = readInput(options);
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const workflowId = await startRotation(client, input);
        if (options.json) printJson({ workflowId });
        else printData(`started ${workflowId}; \`login-etl rotate status\` shows how far it is`);
      });
    });

  rotate
    .command('status')
    .description('how far it is, or how the latest one ended')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const status = await rotationStatus(client);
        if (json) printJson(status);
        else printData(describeStatus(status));
        if (status.reason !== undefined) process.exitCode = EXIT.failure;
      });
    });

  rotate
    .command('stop')
    .description('stop after the current step; `rotate start` continues')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { temporal } = readSettings(command, ['temporal']);
      await withTemporal(temporal, undefined, stopRotation);
      if (json) printJson({ told: 'stop' });
      else printData('told it to stop; `login-etl rotate status` shows when it has');
    });
}

type StartOptions = {
  reason: string;
  to?: string;
  rowsPerStep?: number;
  pauseMs?: number;
  json?: boolean;
};

/** Only what was given: the workflow has the defaults. */
function readInput({ reason, to, rowsPerStep: rows, pauseMs }: StartOptions) {
  const input: Pick<RotationInput, 'reason'> & Partial<RotationInput> = {
    reason: reason.trim(),
    ...(to !== undefined && { toKeyId: to }),
    ...(rows !== undefined && { rowsPerStep: rows }),
    ...(pauseMs !== undefined && { pauseMsBetweenSteps: pauseMs }),
  };
  try {
    parseRotationInput(input);
  } catch (error) {
    if (!(error instanceof InvalidRotationInput)) throw error;
    throw new UsageProblem('the rotation makes no sense', error.message, 'See the examples.');
  }
  return input;
}
