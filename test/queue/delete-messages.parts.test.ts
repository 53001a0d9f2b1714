import { afterEach, beforeEach, expect, test } from 'vitest';
import { DeletesKeepFailing, deleteMessages } from '../../src/queue/delete-messages.ts';
import { receiveBatch } from '../../src/queue/receive-batch.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import {
  peakConcurrency,
  type SqsAnswer,
  type SqsCall,
  sqsError,
} from '../support/servers/sqs-proxy.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeEach(async () => {
  sqs = await startTestQueue();
});
afterEach(() => sqs?.stop());

const EMPTY = { visible: 0, inFlight: 0 };

async function received(count: number): Promise<string[]> {
  await sendMessages(
    sqs.queue,
    Array.from({ length: count }, (_, n) => `message ${n}`),
  );
  const bounds = { maxMessages: count, maxBytes: 10_000_000 };
  const { messages } = await receiveBatch(sqs.queue, bounds);
  return messages.map(({ receiptHandle }) => receiptHandle);
}

type Entry = { Id: string; ReceiptHandle: string };
type Failed = { Id: string; SenderFault: boolean; Code: string };

const entriesOf = (call: SqsCall) => call.body.Entries as Entry[];

/** Passes on all entries of the call but those that are to fail, and answers as SQS would. */
async function failSome(
  call: SqsCall,
  passOn: () => Promise<SqsAnswer>,
  failed: Failed[],
): Promise<SqsAnswer> {
  const ids = new Set(failed.map(({ Id }) => Id));
  const answer = await passOn();
  const Successful = entriesOf(call)
    .filter(({ Id }) => !ids.has(Id))
    .map(({ Id }) => ({ Id }));
  return { ...answer, body: { Successful, Failed: failed } };
}

const failure = (entry: Entry, SenderFault: boolean): Failed => ({
  Id: entry.Id,
  SenderFault,
  Code: SenderFault ? 'ReceiptHandleIsInvalid' : 'InternalError',
});

test('messages are deleted in tens, several calls at once', async () => {
  const handles = await received(95);
  const peak = peakConcurrency(sqs.proxy, 'DeleteMessageBatch');
  const result = await deleteMessages(sqs.proxied, handles);
  expect(result).toEqual({ deleted: 95, refused: 0 });
  const sizes = sqs.proxy.calls.map((call) => entriesOf(call).length);
  expect(sizes.sort((one, other) => one - other)).toEqual([5, ...Array(9).fill(10)]);
  expect(peak()).toBeGreaterThan(1);
  expect(await sqs.depth()).toEqual(EMPTY);
});

test('an empty list makes no call', async () => {
  expect(await deleteMessages(sqs.proxied, [])).toEqual({ deleted: 0, refused: 0 });
  expect(sqs.proxy.calls).toEqual([]);
});

test('only the entry that failed in SQS is deleted again', async () => {
  const handles = await received(10);
  const tries: string[][] = [];
  sqs.proxy.setFault(async (call, passOn) => {
    tries.push(entriesOf(call).map(({ ReceiptHandle }) => ReceiptHandle));
    const failing = tries.length <= 2 ? entriesOf(call).slice(0, 3) : [];
    return failSome(
      call,
      passOn,
      failing.map((entry) => failure(entry, false)),
    );
  });
  expect(await deleteMessages(sqs.proxied, handles)).toEqual({ deleted: 10, refused: 0 });
  expect(tries).toEqual([handles, handles.slice(0, 3), handles.slice(0, 3)]);
});

test('a handle that SQS refuses for good is counted, and not tried again', async () => {
  const handles = await received(12);
  sqs.proxy.setFault((call, passOn) => {
    const stale = entriesOf(call).filter(({ ReceiptHandle }) => ReceiptHandle === handles[4]);
    return failSome(
      call,
      passOn,
      stale.map((entry) => failure(entry, true)),
    );
  });
  expect(await deleteMessages(sqs.proxied, handles)).toEqual({ deleted: 11, refused: 1 });
  expect(sqs.proxy.calls).toHaveLength(2);
});

test('entries that keep failing are an error, so that the activity is retried', async () => {
  const handles = await received(10);
  sqs.proxy.setFault((call, passOn) =>
    failSome(
      call,
      passOn,
      entriesOf(call)
        .slice(0, 1)
        .map((entry) => failure(entry, false)),
    ),
  );
  await expect(deleteMessages(sqs.proxied, handles)).rejects.toThrow(DeletesKeepFailing);
  expect(sqs.proxy.calls).toHaveLength(4);
});

test('deleting a deleted message is not an error', async () => {
  const handles = await received(20);
  await deleteMessages(sqs.queue, handles);
  expect(await deleteMessages(sqs.queue, handles)).toMatchObject({ deleted: 20 });
});

test('a call that SQS throttles or fails is made again', async () => {
  const handles = await received(10);
  const answers = [sqsError(500, 'InternalError'), sqsError(400, 'RequestThrottled')];
  sqs.proxy.setFault((_call, passOn) => answers.shift() ?? passOn());
  expect(await deleteMessages(sqs.proxied, handles)).toEqual({ deleted: 10, refused: 0 });
  expect(await sqs.depth()).toEqual(EMPTY);
});

test('a delete whose connection is cut is repeated', async () => {
  const handles = await received(10);
  let cut = false;
  sqs.proxy.setFault((_call, passOn) => {
    if (cut) return passOn();
    cut = true;
    return undefined;
  });
  expect(await deleteMessages(sqs.proxied, handles)).toEqual({ deleted: 10, refused: 0 });
  expect(await sqs.depth()).toEqual(EMPTY);
});
