import type { Command } from 'commander';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import { describeQueue, type QueueDescription } from '../../../queue/describe-queue.ts';
import { peekQueue } from '../../../queue/peek-queue.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { CHECK_QUEUE, withQueue } from '../../connect/with-queue.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { type MessageShape, messageShape } from '../../messages/message-shape.ts';
import { FEW_RECEIVES, risksDeadLetter } from '../../messages/risks-dead-letter.ts';
import { describeDuration } from '../../options/duration.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const HELP = `
Shows how many messages there are, and the shape of a few: field names, types and lengths, no values.

SQS has no way to look without receiving. The messages looked at are hidden for a moment and made visible again
at once, and each look adds one to their receive count. Where a redrive policy moves messages away after
${FEW_RECEIVES} receives or fewer, looking needs --force. The counts alone (--messages 0) touch nothing.

SQS tells the age of a queue's oldest message to CloudWatch only (ApproximateAgeOfOldestMessage); the age shown
here is that of the oldest message looked at.

Examples:
  login-etl peek
  login-etl peek --messages 10
  login-etl peek --messages 0 --json
${EXIT_CODES_HELP}`;

type Options = { messages: number; force?: boolean; json?: boolean };
type SeenMessage = MessageShape & { ageSeconds: number };

export function addPeekCommand(program: Command): void {
  program
    .command('peek')
    .description('what is on the queue, without consuming it')
    .option('--messages <number>', 'look at so many messages, 0 to 10', wholeNumber(0, 10), 3)
    .option('--force', 'also where a redrive policy may move the messages away')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ messages, force, json }: Options, command: Command) => {
      const { sqs } = readSettings(command, ['sqs']);
      await withQueue(sqs, async (queue) => {
        const description = await connectOrExplain('the queue', CHECK_QUEUE, () =>
          describeQueue(queue),
        );
        if (messages > 0 && !force) refuseFewReceives(description);
        const received = await connectOrExplain('the queue', CHECK_QUEUE, () =>
          peekQueue(queue, messages),
        );
        const seen = received.map(({ body, sentAtMs }) => ({
          ageSeconds: Math.max(0, Math.round((Date.now() - sentAtMs) / 1_000)),
          ...messageShape(body, sqs.envelope),
        }));
        if (json) printJson(asJson(description, seen));
        else
          printData([...describeCounts(description, seen), ...seen.flatMap(describe)].join('\n'));
      });
    });
}

function refuseFewReceives(queue: QueueDescription): void {
  if (!risksDeadLetter(queue)) return;
  throw new UsageProblem(
    'looking at messages could send them to the dead-letter queue',
    `the queue's redrive policy moves a message away after ${queue.maxReceiveCount} receive(s), and a look is one`,
    'Ask for the counts alone (--messages 0), or look all the same (--force).',
  );
}

function asJson({ name, visible, inFlight, delayed }: QueueDescription, seen: SeenMessage[]) {
  return {
    queue: name,
    visible,
    inFlight,
    delayed,
    oldestSeenSeconds: oldest(seen) ?? null,
    messages: seen.map(({ reason, ...message }) => ({
      loginEvent: reason === undefined,
      ...(reason !== undefined && { reason }),
      ...message,
    })),
  };
}

const oldest = (seen: readonly SeenMessage[]): number | undefined =>
  seen.length > 0 ? Math.max(...seen.map(({ ageSeconds }) => ageSeconds)) : undefined;

function describeCounts(queue: QueueDescription, seen: readonly SeenMessage[]): string[] {
  const age = oldest(seen);
  return [
    styled('bold', queue.name),
    `  visible    ${queue.visible}`,
    `  in flight  ${queue.inFlight}`,
    `  delayed    ${queue.delayed}`,
    ...(age === undefined
      ? []
      : [`  oldest     ${describeDuration(age * 1_000)}, of the ${seen.length} looked at`]),
  ];
}

function describe({ bytes, ageSeconds, reason, fields, unnamedFields }: SeenMessage, at: number) {
  const action = reason === undefined ? styled('green', 'a login event') : styled('yellow', reason);
  return [
    '',
    `${at + 1}. ${bytes} bytes, ${describeDuration(ageSeconds * 1_000)} old: ${action}`,
    ...(fields ?? []).map(({ name, type, length }) =>
      `   ${name.padEnd(12)} ${type}${length === undefined ? '' : ` of ${length}`}`.trimEnd(),
    ),
    ...(unnamedFields ? [`   and ${unnamedFields} field(s) whose name is not shown`] : []),
  ];
}
