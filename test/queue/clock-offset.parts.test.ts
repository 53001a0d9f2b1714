import { afterAll, beforeAll, expect, test } from 'vitest';
import { openQueue, type Queue } from '../../src/queue/open-queue.ts';
import { receiveOnce } from '../../src/queue/receive-once.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { sqsServerTimeMs } from '../../src/queue/server-time.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import { sqsError } from '../support/servers/sqs-proxy.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

const MINUTE_MS = 60_000;
/** From here on SQS refuses a signature. */
const TOLERANCE_MS = 5 * MINUTE_MS;

let sqs: TestQueue;
/** How far the service's clock is ahead of ours, and what it says to a time that is too far from it. */
let aheadMs = 0;
let refusal = 'SignatureDoesNotMatch';

beforeAll(async () => {
  sqs = await startTestQueue();
  sqs.proxy.setFault(async ({ headers }, passOn) => {
    const nowMs = Date.now() + aheadMs;
    const isSkewed = Math.abs(timeOf(String(headers['x-amz-date'])) - nowMs) > TOLERANCE_MS;
    const answer = isSkewed ? sqsError(403, refusal) : await passOn();
    return { ...answer, headers: { date: new Date(nowMs).toUTCString() } };
  });
});
afterAll(() => sqs?.stop());

/** `20261127T034501Z` */
const timeOf = (amzDate: string): number =>
  Date.parse(amzDate.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'));

const settings = () => ({
  region: sqs.server.region,
  endpoint: sqs.proxy.endpoint,
  queue: { url: sqs.queue.url },
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

async function withQueue<T>(use: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = await openQueue(sqsClient(settings()), settings());
  try {
    return await use(queue);
  } finally {
    queue.client.destroy();
    await queue.call.close();
  }
}

const receive = (queue: Queue) => receiveOnce(queue, { maxMessages: 1, waitSeconds: 0 });

test.each([
  ['SignatureDoesNotMatch', 20],
  ['RequestTimeTooSkewed', -20],
  ['InvalidSignatureException', 26 * 60],
  ['RequestExpired', -6],
])(
  '%s with a clock that is %i min off: calls are signed with the time of SQS',
  async (name, minutes) => {
    refusal = name;
    aheadMs = minutes * MINUTE_MS;
    await withQueue(async (queue) => {
      sqs.proxy.forget();
      await receive(queue);
      // The clock changes while the worker runs.
      aheadMs = 0;
      await receive(queue);
      aheadMs = minutes * MINUTE_MS;
      await receive(queue);
      await sendMessages(queue, ['text']);
      expect(await receive(queue)).toMatchObject([{ body: 'text' }]);
      // One of them repeats each call at which the clock changes.
      expect(sqs.proxy.calls.map(({ action }) => action)).toEqual([
        ...Array(5).fill('ReceiveMessage'),
        'SendMessageBatch',
        'ReceiveMessage',
      ]);
    });
  },
);

test('a signature that is refused at the right time is not repeated', async () => {
  aheadMs = 0;
  await withQueue(async (queue) => {
    sqs.proxy.forget();
    const fault = { ...queue, url: 'wrong' };
    await expect(receive(fault)).rejects.toThrow();
    expect(sqs.proxy.calls).toHaveLength(1);
  });
});

test('doctor sees how far the clock is off, although the calls succeed', async () => {
  aheadMs = 20 * MINUTE_MS;
  const theirsMs = (await sqsServerTimeMs(settings())) ?? 0;
  expect(Math.round((theirsMs - Date.now()) / MINUTE_MS)).toBe(20);
});
