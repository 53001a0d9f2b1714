import { type Command, InvalidArgumentError, Option } from 'commander';
import { openSources } from '../../connect/open-sources.ts';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { FEW_RECEIVES } from '../../messages/risks-dead-letter.ts';
import { assessStatus } from '../../status/assess-status.ts';
import { PARTS, type Status, statusReader } from '../../status/read-status.ts';
import { showStatus } from '../../status/show-status.ts';
import { watchStatus } from '../../status/watch-status.ts';
import { printData } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const HELP = `
Are logins flowing? The exit code is 0 when everything could be asked and nothing keeps logins from being stored,
and 1 when not: the reasons come first, each with what to do. A part that cannot be asked is shown as such, each
within five seconds, and hides no other.

SQS tells the age of a queue's oldest message to CloudWatch only. --look receives up to ten messages for a moment
and shows the age of the oldest of these; each look adds one to their receive count, so it is not done where
${FEW_RECEIVES} receives or fewer move a message away.

Examples:
  login-etl status
  login-etl status --watch
  login-etl status --look
  login-etl status --json | jq .problems
  login-etl status > /dev/null || page-somebody
${EXIT_CODES_HELP}`;

const DEFAULT_EVERY_SECONDS = 2;

type Options = { watch?: true | number; look?: boolean; json?: boolean };

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('whether logins are flowing, and if not, why: everything on one screen')
    .addOption(
      new Option(
        '--watch [seconds]',
        `refresh until Ctrl-C, every ${DEFAULT_EVERY_SECONDS} s if not given`,
      ).argParser(parseSeconds),
    )
    .addOption(
      new Option('--look', 'look at some messages to see how old they are').conflicts('watch'),
    )
    .option('--json', 'print it as JSON; with --watch a line for each refresh')
    .addHelpText('after', HELP)
    .action(async ({ watch, look = false, json = false }: Options, command: Command) => {
      takeEnvironment(command);
      const sources = openSources();
      const read = statusReader(sources, { look });
      try {
        if (watch === undefined) {
          const status = await withProgress(read);
          printData(json ? asJson(status, 2) : render(status));
          process.exitCode = assessStatus(status).length === 0 ? EXIT.ok : EXIT.failure;
        } else {
          const seconds = watch === true ? DEFAULT_EVERY_SECONDS : watch;
          const draw = async () => (json ? asJson(await read()) : render(await read()));
          process.exitCode = await watchStatus(seconds * 1_000, draw);
        }
      } finally {
        await sources.close();
      }
    });
}

async function withProgress(read: ReturnType<typeof statusReader>): Promise<Status> {
  const progress = startProgress('  asking {bar} {value} of {total} parts', PARTS);
  try {
    return await read((parts) => progress.update(parts, {}));
  } finally {
    progress.stop();
  }
}

const render = (status: Status): string => showStatus(status, assessStatus(status));

function asJson(status: Status, indentation?: number): string {
  const problems = assessStatus(status);
  return JSON.stringify({ healthy: problems.length === 0, problems, ...status }, null, indentation);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.5 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('It takes a number of seconds from 0.5 to 3600.');
}
