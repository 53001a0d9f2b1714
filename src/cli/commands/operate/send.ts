import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { Problem } from '../../../errors/problem.ts';
import { sendMessages } from '../../../queue/send-messages.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withQueue } from '../../connect/with-queue.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { readMessages } from '../../messages/read-messages.ts';
import { sendProblem } from '../../messages/send-problem.ts';
import { SendProgress } from '../../messages/send-progress.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Each non-empty line is one message and is sent unchanged. A line that is not JSON ends up in quarantine.

Examples:
  login-etl send samples/logins.jsonl
  login-etl send samples/logins.jsonl --repeat 1000
  zcat logins.jsonl.gz | login-etl send -
${EXIT_CODES_HELP}`;

type Options = { repeat: number; json?: boolean };

export function addSendCommand(program: Command): void {
  program
    .command('send')
    .description('put messages on the queue, one per line of a file')
    .argument('<file>', 'JSON lines; - reads standard input')
    .option('--repeat <times>', 'send the file this many times', wholeNumber(1), 1)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, { repeat, json }: Options, command: Command) => {
      if (file === '-' && repeat > 1) {
        throw new UsageProblem(
          '--repeat cannot be used with standard input',
          'standard input can be read only once',
          'Give the path of a file.',
        );
      }
      const bytes = (await fileBytes(file)) * repeat;
      const { sqs } = readSettings(command, ['sqs']);
      const { sent, seconds } = await withQueue(sqs, async (queue) => {
        const startedAt = performance.now();
        const progress = new SendProgress(bytes, startedAt);
        try {
          await sendMessages(queue, repeated(file, repeat, progress), progress.sent);
        } catch (error) {
          throw sendProblem(error, progress.count);
        } finally {
          progress.stop();
        }
        return { sent: progress.count, seconds: (performance.now() - startedAt) / 1_000 };
      });
      const perSecond = Math.round(sent / Math.max(seconds, 0.001));
      if (json) printJson({ sent, seconds: Number(seconds.toFixed(3)), perSecond });
      else printData(`sent ${sent} message(s) in ${seconds.toFixed(1)} s (${perSecond}/s)`);
    });
}

async function* repeated(file: string, times: number, progress: SendProgress) {
  for (let time = 0; time < times; time += 1) yield* readMessages(file, progress.read);
}

/** 0 when the size is not known beforehand. */
async function fileBytes(file: string): Promise<number> {
  if (file === '-') return 0;
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return stats.size;
  } catch (error) {
    throw new Problem(
      'the file cannot be read',
      `${file} (${(error as NodeJS.ErrnoException).code})`,
      'Give the path of a file of JSON lines, such as samples/logins.jsonl.',
    );
  }
}
