import type { Command } from 'commander';
import { describeQueue, type QueueDescription } from '../../../queue/describe-queue.ts';
import { peekQueue } from '../../../queue/peek-queue.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withQueue } from '../../connect/with-queue.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { type MessageShape, messageShape } from '../../messages/message-shape.ts';
import { FEW_RECEIVES, risksDeadLetter } from '../../messages/risks-dead-letter.ts';
import { describeDuration } from '../../options/duration.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const HELP = `
Shows how many messages there are, and the shape of a few: field names, types and lengths, no values.

SQS shows messages only to those who receive them. peek receives a few and makes them visible again at once, which
adds one to their receive count. Where the queue moves messages to a dead-letter queue after ${FEW_RECEIVES} receives or fewer,
it needs --force. --messages 0 shows the counts and receives nothing.

SQS reports the age of a queue's oldest message to CloudWatch only (ApproximateAgeOfOldestMessage). The age shown
here is that of the oldest message received.

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
    .description('show what is on the queue, without consuming it')
    .option('--messages <number>', 'messages to look at, 0 to 10', wholeNumber(0, 10), 3)
    .option('--force', 'also where it may send messages to the dead-letter queue')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ messages, force, json }: Options, command: Command) => {
      const { sqs } = readSettings(command, ['sqs']);
      await withQueue(sqs, async (queue) => {
        const description = await describeQueue(queue);
        if (messages > 0 && !force) refuseFewReceives(description);
        const received = await peekQueue(queue, messages);
        const seen = received.map(({ body, sentAtMs }) => ({
          ageSeconds: Math.max(0, Math.round((Date.now() - sentAtMs) / 1_000)),
          ...messageShape(body, sqs.envelope),
        }));
        if (json) printJson(asJson(description, seen));
        else printData([...describeCounts(description, seen), ...seen.flatMap(describe)]);
      });
    });
}

function refuseFewReceives(queue: QueueDescription): void {
  if (!risksDeadLetter(queue)) return;
  throw new UsageProblem(
    'looking at messages could send them to the dead-letter queue',
    `the queue moves a message there after ${queue.maxReceiveCount} receive(s), and looking is one`,
    'Show only the counts with --messages 0, or use --force.',
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
      : [
          `  oldest     ${describeDuration(age * 1_000)}, the oldest of the ${seen.length} received`,
        ]),
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
