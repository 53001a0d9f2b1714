import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openQueue, type Queue } from '../../src/queue/open-queue.ts';
import { receiveOnce } from '../../src/queue/receive-once.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import { sqsError } from '../support/servers/sqs-proxy.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

/** Longer than refused credentials are left alone. */
const PATIENCE = { timeout: 15_000, interval: 200 };

let sqs: TestQueue;
let directory: string;
let queue: Queue;
/** The key that the service knows, and what it says of another. */
let valid: string;
let refusal: string;

const writeCredentials = (key: string) =>
  writeFile(
    join(directory, 'credentials'),
    `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret-of-${key}\n`,
  );

beforeAll(async () => {
  sqs = await startTestQueue();
  directory = await makeTestDirectory('aws');
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined).stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(directory, 'credentials'));
  vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'config'));
  sqs.proxy.setFault((call, passOn) => {
    const isKnown = call.headers.authorization?.includes(`Credential=${valid}/`);
    return isKnown ? passOn() : sqsError(403, refusal);
  });
});
beforeEach(async () => {
  valid = 'AKIAOLD';
  await writeCredentials(valid);
  const settings = {
    region: sqs.server.region,
    endpoint: sqs.proxy.endpoint,
    queue: { url: sqs.queue.url },
  };
  queue = await openQueue(sqsClient(settings), settings);
  sqs.proxy.forget();
});
afterEach(async () => {
  queue.client.destroy();
  await queue.call.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await sqs?.stop();
  await rm(directory, { recursive: true, force: true });
});

const receive = () => receiveOnce(queue, { maxMessages: 1, waitSeconds: 0 });
const send = () => sendMessages(queue, ['text']);

const REFUSALS = [
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'AccessDenied',
];

test.each(REFUSALS)(
  '%s: a credentials file that was replaced is read again, by both kinds of calls',
  async (name) => {
    await receive();
    valid = 'AKIANEW';
    refusal = name;
    await writeCredentials(valid);
    await expect(receive()).resolves.toBeDefined();
    valid = 'AKIANEWER';
    await writeCredentials(valid);
    await expect.poll(() => send().then(() => 'sent', String), PATIENCE).toBe('sent');
  },
);

test('a credentials file that comes later than the refusal is read within seconds', async () => {
  valid = 'AKIANEW';
  refusal = 'InvalidClientTokenId';
  await expect(receive()).rejects.toMatchObject({ name: refusal });
  await writeCredentials(valid);
  await expect.poll(() => receive().catch(() => undefined), PATIENCE).toBeDefined();
});

test('many refused calls at once read the file once, and are all repeated', async () => {
  valid = 'AKIANEW';
  refusal = 'ExpiredToken';
  await writeCredentials(valid);
  await expect(Promise.all(Array.from({ length: 20 }, receive))).resolves.toHaveLength(20);
});

test('a call that is refused with the same credentials is not repeated', async () => {
  valid = 'AKIANEW';
  refusal = 'InvalidClientTokenId';
  await expect(receive()).rejects.toMatchObject({ name: refusal });
  expect(sqs.proxy.calls).toHaveLength(1);
});
