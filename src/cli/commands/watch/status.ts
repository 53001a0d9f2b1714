import { type Command, InvalidArgumentError, Option } from 'commander';
import { openSources } from '../../connect/open-sources.ts';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { FEW_RECEIVES } from '../../messages/risks-dead-letter.ts';
import { assessStatus } from '../../status/assess-status.ts';
import { PARTS, type Status, statusReader } from '../../status/read-status.ts';
import { showStatus } from '../../status/show-status.ts';
import { watchStatus } from '../../status/watch-status.ts';
import { printData, printText, redraw } from '../../terminal/output.ts';
import { startProgress } from '../../terminal/progress-bar.ts';

const HELP = `
The exit code is 0 when every part answers and nothing keeps logins from being stored, and 1 otherwise. Problems
come first, each with what to do. A part that does not answer within five seconds is shown as such, and the others
are shown all the same.

SQS reports the age of a queue's oldest message to CloudWatch only. --look receives up to ten messages for a moment
and shows the age of the oldest of them. Each look adds one to their receive count, so --look does nothing where
the queue moves messages to a dead-letter queue after ${FEW_RECEIVES} receives or fewer.

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
    .description('show on one screen whether logins are flowing, and if not, why')
    .addOption(
      new Option(
        '--watch [seconds]',
        `refresh until Ctrl-C (default: every ${DEFAULT_EVERY_SECONDS} s)`,
      ).argParser(parseSeconds),
    )
    .addOption(
      new Option('--look', 'receive some messages to see how old they are').conflicts('watch'),
    )
    .option('--json', 'print JSON; with --watch one line per refresh')
    .addHelpText('after', HELP)
    .action(async ({ watch, look = false, json = false }: Options, command: Command) => {
      takeEnvironment(command);
      const sources = openSources();
      const read = statusReader(sources, { look });
      try {
        if (watch === undefined) {
          const status = await withProgress(read);
          if (json) printText(asJson(status, 2));
          else printData(render(status));
          process.exitCode = assessStatus(status).length === 0 ? EXIT.ok : EXIT.failure;
        } else {
          const seconds = watch === true ? DEFAULT_EVERY_SECONDS : watch;
          const draw = async () =>
            json ? printText(asJson(await read())) : redraw(render(await read()));
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

const render = (status: Status): string[] => showStatus(status, assessStatus(status));

function asJson(status: Status, indentation?: number): string {
  const problems = assessStatus(status);
  return JSON.stringify({ healthy: problems.length === 0, problems, ...status }, null, indentation);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.5 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('It takes a number of seconds from 0.5 to 3600.');
}
