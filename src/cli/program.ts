import { Command, Help } from 'commander';
import { VERSION } from '../build-info.ts';
import { addAuditCommand } from './commands/custody/audit.ts';
import { addCodecServerCommand } from './commands/custody/codec-server.ts';
import { addCustodianWorkerCommand } from './commands/custody/custodian-worker.ts';
import { addEraseCommand } from './commands/custody/erase.ts';
import { addFindCommand } from './commands/custody/find.ts';
import { addMaskCommand } from './commands/custody/mask-value.ts';
import { addQuarantineCommand } from './commands/custody/quarantine.ts';
import { addRevealCommand } from './commands/custody/reveal.ts';
import { addKeysCommand } from './commands/keys/keys.ts';
import { addRemaskCommand } from './commands/keys/remask-control.ts';
import { addCompletionCommand } from './commands/operate/completion.ts';
import { addDeploymentCommand } from './commands/operate/deployment.ts';
import { addMigrateCommand } from './commands/operate/migrate.ts';
import { addRunCommand } from './commands/operate/run.ts';
import { addScheduleCommand } from './commands/operate/schedule.ts';
import { addSendCommand } from './commands/operate/send.ts';
import { addSteerCommands } from './commands/operate/steer.ts';
import { addRecoverCommand } from './commands/restore/recover.ts';
import { addVerifyCommand } from './commands/restore/verify.ts';
import { addApiCommand } from './commands/watch/api.ts';
import { addDoctorCommand } from './commands/watch/doctor.ts';
import { addPeekCommand } from './commands/watch/peek.ts';
import { addReconcileCommand } from './commands/watch/reconcile.ts';
import { addRowsCommand } from './commands/watch/rows.ts';
import { addRunsCommand } from './commands/watch/runs.ts';
import { addStatsCommand } from './commands/watch/stats.ts';
import { addStatusCommand } from './commands/watch/status.ts';
import { addTablesCommand } from './commands/watch/tables.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { usageProblem } from './options/usage-problem.ts';
import { terminalWidth } from './terminal/output.ts';
import { reflow } from './terminal/reflow.ts';
import { reportProblem } from './terminal/report-error.ts';

const HELP = `
Settings come from the environment: .env.example lists them. If none is set and \`npm start\` has left its files in
.local of the current directory, each command uses the file of the database user whose rights it needs.

Examples:
  login-etl doctor
  login-etl send samples/logins.jsonl
  login-etl run
  login-etl status
  login-etl schedule create --every 1m
  login-etl <command> --help
${EXIT_CODES_HELP}`;

/** Aliases are former names, which work and are not shown. */
const shown = new Help();
const withoutAlias = (text: string, command: Command) => text.replace(`|${command.alias()}`, '');
const HELP_WITHOUT_ALIASES: Partial<Help> = {
  subcommandTerm: (command) => withoutAlias(shown.subcommandTerm(command), command),
  commandUsage: (command) => withoutAlias(shown.commandUsage(command), command),
};

/** The whole command line. It throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('login-etl')
    .description('Moves login events from a queue into Postgres, with personal fields masked.')
    .version(VERSION)
    .option('--env-file <path>', 'take settings from a file; the environment takes precedence')
    .addHelpText('after', HELP)
    .configureHelp(HELP_WITHOUT_ALIASES)
    .configureOutput({
      writeOut: (text) => {
        const width = terminalWidth();
        process.stdout.write(width ? reflow(text, width) : text);
      },
      outputError: (text) => reportProblem(usageProblem(text)),
    })
    .exitOverride();
  addStatusCommand(program);
  addRunsCommand(program);
  addRowsCommand(program);
  addStatsCommand(program);
  addApiCommand(program);
  addTablesCommand(program);
  addSendCommand(program);
  addPeekCommand(program);
  addRunCommand(program);
  addSteerCommands(program);
  addScheduleCommand(program);
  addDeploymentCommand(program);
  addMigrateCommand(program);
  addKeysCommand(program);
  addRemaskCommand(program);
  addCustodianWorkerCommand(program);
  addCodecServerCommand(program);
  addReconcileCommand(program);
  addFindCommand(program);
  addMaskCommand(program);
  addRevealCommand(program);
  addQuarantineCommand(program);
  addEraseCommand(program);
  addAuditCommand(program);
  addRecoverCommand(program);
  addVerifyCommand(program);
  addDoctorCommand(program);
  addCompletionCommand(program);
  return program;
}
