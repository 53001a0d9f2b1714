import type { Command } from 'commander';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { type CheckList, type Result, runChecks } from '../../doctor/check.ts';
import { clockCheck } from '../../doctor/clock-check.ts';
import { configurationChecks, readConfiguration } from '../../doctor/configuration-checks.ts';
import { describeResult } from '../../doctor/describe-result.ts';
import { postgresChecks } from '../../doctor/postgres-checks.ts';
import { queueChecks } from '../../doctor/queue-checks.ts';
import { temporalChecks } from '../../doctor/temporal-checks.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Checks every part, each for at most five seconds. It receives no message. Without a worker it fails while a run waits for one.
  ✓ works    ! works with a remark, or was not checked    ✗ must be fixed

Examples:
  login-etl doctor
  login-etl doctor --env-file production.env
  login-etl doctor --json
${EXIT_CODES_HELP}`;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check every part, and say what to fix')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      takeEnvironment(command);
      const lists = allChecks();
      const results: Result[] = [];
      for await (const result of runChecks(lists)) {
        results.push(result);
        if (!json) printData(describeResult(result));
      }
      const healthy = results.every(({ status }) => status !== 'failed');
      if (json) printJson({ healthy, checks: results });
      process.exitCode = healthy ? EXIT.ok : EXIT.failure;
      for (const { close } of lists) await close?.();
    });
}

function allChecks(): CheckList[] {
  const configuration = readConfiguration();
  const { sqs, postgres, temporal, payloads } = configuration.config;
  const database = postgresChecks(postgres);
  return [
    configurationChecks(configuration),
    queueChecks(sqs),
    database,
    temporalChecks(temporal, payloads, database.pool),
    clockCheck(sqs, database.pool),
  ];
}
