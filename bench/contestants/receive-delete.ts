import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { loadConfig } from '../../src/config/config.ts';
import { deleteMessages } from '../../src/queue/delete-messages.ts';
import { openQueue, type Queue } from '../../src/queue/open-queue.ts';
import { receiveOnce } from '../../src/queue/receive-once.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import { untilGo, warmMessages } from './warm-up.ts';

// A program that only receives and deletes ten messages at a time, in concurrent loops: the upper limit for any consumer,
// with the AWS client or with the job's own two calls.
const loops = Number(process.env.BENCH_CEILING_LOOPS);
const takeTen = process.env.BENCH_CEILING_CALLS === 'sdk' ? takeTenBySdk : takeTenAsTheJob;

const { sqs } = loadConfig(['sqs']);
const queue = await openQueue(sqsClient(sqs), sqs);

let taken = 0;
async function take(messages: number): Promise<void> {
  const until = taken + messages;
  const loop = async () => {
    while (taken < until) {
      const ten = await takeTen(queue);
      taken += ten;
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
}

async function takeTenAsTheJob(from: Queue): Promise<number> {
  const messages = await receiveOnce(from, { maxMessages: 10, waitSeconds: 1 });
  if (messages.length === 0) return 0;
  const handles = messages.map(({ receiptHandle }) => receiptHandle);
  return (await deleteMessages(from, handles)).deleted;
}

async function takeTenBySdk({ client, url }: Queue): Promise<number> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['SentTimestamp'],
    }),
  );
  if (Messages.length === 0) return 0;
  const { Successful = [] } = await client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: url,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
  return Successful.length;
}

await take(warmMessages());
await untilGo();
await take(Number.POSITIVE_INFINITY);
