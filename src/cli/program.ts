import { Command } from 'commander';
import { VERSION } from '../build-info.ts';
import { LOCAL_ENVIRONMENT_FILE } from '../environment.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addCodecServerCommand } from './commands/codec-server.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addCustodianWorkerCommand } from './commands/custodian-worker.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEraseCommand } from './commands/erase.ts';
import { addFindCommand } from './commands/find.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addPeekCommand } from './commands/peek.ts';
import { addQuarantineCommand } from './commands/quarantine.ts';
import { addReconcileCommand } from './commands/reconcile.ts';
import { addRevealCommand } from './commands/reveal.ts';
import { addRotateCommand } from './commands/rotate.ts';
import { addRowsCommand } from './commands/rows.ts';
import { addRunCommand } from './commands/run.ts';
import { addRunsCommand } from './commands/runs.ts';
import { addScheduleCommand } from './commands/schedule.ts';
import { addSendCommand } from './commands/send.ts';
import { addStatsCommand } from './commands/stats.ts';
import { addStatusCommand } from './commands/status.ts';
import { addSteerCommands } from './commands/steer.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { usageError } from './usage-error.ts';

const HELP = `
Settings come from the environment: .env.example lists them. With none of them set, ${LOCAL_ENVIRONMENT_FILE} of the
current directory is used if it is there: the stack of \`npm start\`.

Examples:
  login-etl doctor
  login-etl send samples/logins.jsonl
  login-etl run
  login-etl status
  login-etl schedule create --every 1m
  login-etl <command> --help
${EXIT_CODES_HELP}`;

/** The whole command line. It throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('login-etl')
    .description('Drains a queue of login events into Postgres, personal fields masked.')
    .version(VERSION)
    .option('--env-file <path>', 'take settings from a file; what the environment has set wins')
    .addHelpText('after', HELP)
    .configureOutput({ outputError: (text, write) => write(usageError(text)) })
    .exitOverride();
  addStatusCommand(program);
  addRunsCommand(program);
  addRowsCommand(program);
  addStatsCommand(program);
  addSendCommand(program);
  addPeekCommand(program);
  addRunCommand(program);
  addSteerCommands(program);
  addScheduleCommand(program);
  addMigrateCommand(program);
  addKeysCommand(program);
  addRotateCommand(program);
  addCustodianWorkerCommand(program);
  addCodecServerCommand(program);
  addReconcileCommand(program);
  addFindCommand(program);
  addRevealCommand(program);
  addQuarantineCommand(program);
  addEraseCommand(program);
  addAuditCommand(program);
  addDoctorCommand(program);
  addCompletionCommand(program);
  return program;
}
