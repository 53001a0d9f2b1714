import type { SQSServiceException } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { receiveOnce } from '../../src/queue/receive-once.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { type SqsAnswer, sqsError } from '../support/servers/sqs-proxy.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeAll(async () => {
  sqs = await startTestQueue();
});
beforeEach(() => sqs.proxy.forget());
afterEach(() => sqs.proxy.setFault());
afterAll(() => sqs?.stop());

const receive = () => receiveOnce(sqs.proxied, { maxMessages: 10, waitSeconds: 0 });

/** So often, then SQS itself. */
function answerFirst(...answers: (SqsAnswer | undefined)[]): void {
  sqs.proxy.setFault((_call, passOn) => (answers.length > 0 ? answers.shift() : passOn()));
}

async function failure(): Promise<SQSServiceException> {
  const error: unknown = await receive().catch((reason: unknown) => reason);
  return error as SQSServiceException;
}

test.each([
  ['a throttled call', sqsError(400, 'RequestThrottled')],
  ['too many requests', sqsError(429, 'Whatever')],
  ['an internal error', sqsError(500, 'InternalError')],
  ['a service that is unavailable', sqsError(503, 'ServiceUnavailable')],
  ["a gateway's answer, which is not that of SQS", { status: 502, body: {} }],
  ['a connection that is cut', undefined],
])('%s is made again, and the caller does not notice', async (_what, answer) => {
  await sendMessages(sqs.queue, ['text']);
  answerFirst(answer);
  expect(await receive()).toMatchObject([{ body: 'text' }]);
  expect(sqs.proxy.calls).toHaveLength(2);
});

test('a call is made three times at most, and the caller gets the last error', async () => {
  const unavailable = sqsError(503, 'ServiceUnavailable');
  answerFirst(...Array<SqsAnswer>(10).fill(unavailable));
  expect(await failure()).toMatchObject({
    name: 'ServiceUnavailable',
    $metadata: { httpStatusCode: 503 },
  });
  expect(sqs.proxy.calls).toHaveLength(3);
});

test.each([
  [400, 'QueueDoesNotExist'],
  [403, 'AccessDeniedException'],
  [400, 'InvalidParameterValue'],
])('an answer %i %s is not made again: it would be the same', async (status, name) => {
  answerFirst(...Array<SqsAnswer>(10).fill(sqsError(status, name)));
  expect(await failure()).toMatchObject({ name, $metadata: { httpStatusCode: status } });
  expect(sqs.proxy.calls).toHaveLength(1);
});

test('the text of an error is dropped, since it may repeat what was sent', async () => {
  answerFirst({ status: 400, body: { __type: 'x#Invalid', message: '203.0.113.77' } });
  expect((await failure()).message).toBe('SQS answered with HTTP status 400');
});

test('an answer without a name is an error all the same', async () => {
  answerFirst({ status: 400, body: {} });
  expect(await failure()).toMatchObject({ name: 'UnknownError' });
});
