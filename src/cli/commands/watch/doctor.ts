import type { Command } from 'commander';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { type CheckList, type Result, runChecks } from '../../doctor/check.ts';
import { clockCheck } from '../../doctor/clock-check.ts';
import { configurationChecks, readConfiguration } from '../../doctor/configuration-checks.ts';
import { postgresChecks } from '../../doctor/postgres-checks.ts';
import { queueChecks } from '../../doctor/queue-checks.ts';
import { temporalChecks } from '../../doctor/temporal-checks.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const HELP = `
Checks each part in turn, each for five seconds at most, and touches no message.
  ✓ is fine    ! works, or could not be checked; see what it says    ✗ has to be put right

Examples:
  login-etl doctor
  login-etl doctor --env-file production.env
  login-etl doctor --json
${EXIT_CODES_HELP}`;

const MARKS = {
  ok: styled('green', '✓'),
  warning: styled('yellow', '!'),
  failed: styled('red', '✗'),
};

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check every part, and say what to set')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      takeEnvironment(command);
      const lists = allChecks();
      const results: Result[] = [];
      for await (const result of runChecks(lists.flatMap(({ checks }) => checks))) {
        results.push(result);
        if (!json) printData(line(result));
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
    temporalChecks(temporal, payloads),
    clockCheck(sqs, database.pool),
  ];
}

const line = ({ name, status, detail, whatToDo }: Result): string =>
  [`${MARKS[status]} ${name.padEnd(18)}`, detail, ...(whatToDo ? [whatToDo] : [])].join(' — ');
