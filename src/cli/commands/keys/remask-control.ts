import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import {
  InvalidRotationInput,
  parseRotationInput,
  ROTATION_SETTINGS,
  type RotationInput,
} from '../../../domain/rotation/rotation-input.ts';
import { Problem } from '../../../errors/problem.ts';
import {
  rotationStatus,
  startRefused,
  startRotation,
  stopRotation,
} from '../../../temporal/rotation/steer-rotation.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { withRotations } from '../../connect/with-temporal.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { describeStatus } from '../../custody/rotation-status.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson } from '../../terminal/output.ts';

const { rowsPerStep, pauseMsBetweenSteps } = ROTATION_SETTINGS;

/** Scripts may still use it. The help does not list it (`program.ts`). */
const FORMER_NAME = 'rotate';

const HELP = `
The second half of a masking key rotation: re-masks the rows of old keys with the active one, from their originals in
the vault, while ingestion continues. The first half is \`login-etl keys rotate masking\`, which adds the new key and makes
it active: give that keyring to every worker and to the custodian worker. While a live worker masks with another key, the
start is refused, or with --wait waits; re-masking ends only when no more rows of old keys can arrive. \`rotate\` is the former name of this command.

Examples:
  login-etl remask start --reason "yearly rotation" --to 2027-01
  login-etl remask start --reason "key 2026-11 leaked" --rows-per-step 500 --pause-ms 200
  login-etl remask status
  login-etl remask stop
${EXIT_CODES_HELP}`;

export function addRemaskCommand(program: Command): void {
  const remask = program
    .command('remask')
    .alias(FORMER_NAME)
    .description('re-mask the rows of old masking keys with the active key')
    .addHelpText('after', HELP);

  remask
    .command('start')
    .description('start re-masking, which a custodian worker does')
    .requiredOption(
      '--reason <text>',
      'why: written to the audit log, so it must not contain a value',
    )
    .option('--to <key id>', 'fail unless this is the active key')
    .option(
      '--rows-per-step <number>',
      `rows per step (default: ${rowsPerStep.default})`,
      wholeNumber(rowsPerStep.min, rowsPerStep.max),
    )
    .option(
      '--pause-ms <milliseconds>',
      'pause after each step, to spare Postgres',
      wholeNumber(pauseMsBetweenSteps.min, pauseMsBetweenSteps.max),
    )
    .option('--wait', 'wait for workers that still mask with another key')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: StartOptions, command: Command) => {
      const input = readInput(options);
      const sections = ['postgres', 'temporal', 'payloads'] as const;
      const { postgres, temporal, payloads } = readSettings(command, sections);
      await withRotations(temporal, payloads.keys, async (client) => {
        const requestId = await withDatabase(command, postgres, (pool) => request(pool, input));
        const workflowId = await startRotation(client, { ...input, requestId });
        const refusal = await startRefused(client);
        if (refusal !== undefined) throw notStarted(refusal);
        if (options.json) printJson({ workflowId });
        else {
          printData([
            `started ${workflowId}; \`login-etl remask status\` shows its progress`,
            'It re-masks with the active key. To add another key: `login-etl keys rotate masking`.',
          ]);
        }
      });
    });

  remask
    .command('status')
    .description('show its progress, or how the latest one ended')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withRotations(temporal, payloads.keys, async (client) => {
        const status = await rotationStatus(client);
        if (json) printJson(status);
        else printData(describeStatus(status));
        if (status.reason !== undefined) process.exitCode = EXIT.failure;
      });
    });

  remask
    .command('stop')
    .description('stop after the current step; another start continues')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { temporal } = readSettings(command, ['temporal']);
      await withRotations(temporal, undefined, stopRotation);
      if (json) printJson({ told: 'stop' });
      else printData('asked it to stop; `login-etl remask status` shows when it has stopped');
    });
}

/** The custodian's worker begins no rotation without this record. */
async function request(pool: Pool, { reason, toKeyId }: Input): Promise<string> {
  const requestId = randomUUID();
  const detail = { requestId, ...(toKeyId !== undefined && { toKeyId }) };
  await recordFirst(pool, { action: 'rotation.request', reason, detail });
  return requestId;
}

type Input = Pick<RotationInput, 'reason'> & Partial<RotationInput>;

type StartOptions = {
  reason: string;
  to?: string;
  rowsPerStep?: number;
  pauseMs?: number;
  wait?: boolean;
  json?: boolean;
};

const notStarted = (why: string) =>
  new Problem(
    'the rotation was refused',
    why,
    '`login-etl status` names the key of each worker; docs/rotation.md has the steps.',
  );

/** Only the given options: the workflow has the defaults. */
function readInput({ reason, to, rowsPerStep: rows, pauseMs, wait }: StartOptions) {
  const input: Input = {
    reason: reason.trim(),
    ...(to !== undefined && { toKeyId: to }),
    ...(rows !== undefined && { rowsPerStep: rows }),
    ...(pauseMs !== undefined && { pauseMsBetweenSteps: pauseMs }),
    ...(wait && { waitForWorkers: true }),
  };
  try {
    parseRotationInput(input);
  } catch (error) {
    if (!(error instanceof InvalidRotationInput)) throw error;
    throw new UsageProblem('the options are not valid', error.message, 'See the examples.');
  }
  return input;
}
