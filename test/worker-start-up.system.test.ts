import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEY_FILE_NAMES } from '../src/crypto/keys/generate-keys.ts';
import { freePort } from '../src/local/ports/free-port.ts';
import { loginMessages } from './support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from './support/servers/test-database.ts';
import { type Stack, startStack } from './support/start-stack.ts';
import { makeTestDirectory } from './support/test-directory.ts';

let stack: Stack;
let unmigrated: TestDatabase;
let directory: string;

beforeAll(async () => {
  directory = await makeTestDirectory('start-up');
  stack = await startStack();
  unmigrated = await createTestDatabase({ migrated: false });
  await stack.send(loginMessages(5));
  // A run waits for a worker: the first worker that polls would receive at once.
  await stack.start();
});
afterAll(async () => {
  await stack?.stop();
  await unmigrated?.remove();
  await rm(directory, { recursive: true, force: true });
});

let bundles = 0;
async function bundleOf(content: string): Promise<Record<string, string>> {
  bundles += 1;
  const path = join(directory, `bundle-${bundles}.js`);
  await writeFile(path, content);
  return { WORKER_WORKFLOW_BUNDLE: path };
}

const nobody = async () => `127.0.0.1:${await freePort()}`;

/** The configuration is read before anything else, and every problem with it is reported at once. */
const WRONG_CONFIGURATIONS: Record<string, () => Record<string, string>> = {
  'without required settings': () => ({
    ...{ PAYLOAD_KEYS: '', MASKING_KEYS: '', VAULT_PUBLIC_KEY: '', DATABASE_URL: '' },
    TEMPORAL_ADDRESS: `http://${stack.env.TEMPORAL_ADDRESS}`,
  }),
  'with a private key': () => ({
    PAYLOAD_KEYS: '{"active":"a","keys":{"a":"x"}}',
    VAULT_PUBLIC_KEY: stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
    VAULT_PRIVATE_KEY: stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
    VAULT_KMS_KEY_ID: 'alias/vault',
  }),
};

const CASES: Record<
  string,
  [setting: string, change: () => Record<string, string> | Promise<Record<string, string>>]
> = {
  'with a database that nobody answers for': [
    'DATABASE_URL',
    async () => ({ DATABASE_URL: `postgres://postgres:pa55word@${await nobody()}/logins` }),
  ],
  'with a database that has no such name': [
    'DATABASE_URL',
    () => ({
      DATABASE_URL: Object.assign(new URL(stack.env.DATABASE_URL ?? ''), { pathname: '/nowhere' })
        .href,
    }),
  ],
  'with a database that is not migrated': [
    'login-etl migrate',
    () => ({ DATABASE_URL: unmigrated.url }),
  ],
  'with the URL of another queue': [
    'SQS_QUEUE_URL',
    () => ({ SQS_QUEUE_URL: `${stack.env.SQS_QUEUE_URL}-not` }),
  ],
  'with the name of another queue': [
    'SQS_QUEUE_NAME',
    () => ({ SQS_QUEUE_URL: '', SQS_QUEUE_NAME: 'nowhere' }),
  ],
  'with an SQS endpoint that nobody answers for': [
    'SQS_QUEUE_URL',
    async () => ({ AWS_ENDPOINT_URL_SQS: `http://${await nobody()}` }),
  ],
  'with a Temporal namespace that is not there': [
    'TEMPORAL_NAMESPACE',
    () => ({ TEMPORAL_NAMESPACE: 'nowhere' }),
  ],
  'with a metrics address that is taken': [
    'WORKER_METRICS_ADDRESS',
    () => ({ WORKER_METRICS_ADDRESS: stack.env.TEMPORAL_ADDRESS ?? '' }),
  ],
  'with a workflow bundle that is not JavaScript': [
    'WORKER_WORKFLOW_BUNDLE',
    () => bundleOf('{"not": "a bundle"'),
  ],
  'with a workflow bundle that has no workflows': ['WORKER_WORKFLOW_BUNDLE', () => bundleOf('1')],
  'with an empty workflow bundle': ['WORKER_WORKFLOW_BUNDLE', () => bundleOf('')],
  'with a Temporal server that nobody answers for': [
    'TEMPORAL_ADDRESS',
    async () => ({ TEMPORAL_ADDRESS: await nobody() }),
  ],
};

/** The others are started in this process, which saves a second of CPU time each. */
const AS_PROCESS = [
  'with a database that nobody answers for',
  // The runtime of a process opens it, and this process has its runtime already.
  'with a metrics address that is taken',
];

async function logOfRefusal(changes: Record<string, string>): Promise<string> {
  const worker = await stack.launchWorker({ ...stack.env, ...changes });
  expect(await worker.exited).toEqual({ code: 1, signal: null });
  return withoutSecrets(await worker.log());
}

async function messageOfRefusal(changes: Record<string, string>): Promise<string> {
  const error = await stack.startWorker(changes).then(
    () => undefined,
    (reason: Error) => reason,
  );
  // The process shows only the messages of these.
  expect(['Problem', 'ConfigError'], error?.stack).toContain(error?.name);
  return withoutSecrets(error?.message ?? '');
}

function withoutSecrets(text: string): string {
  for (const secret of ['pa55word', 'PRIVATE KEY-----', 'not": "a', 'worker is running']) {
    expect(text).not.toContain(secret);
  }
  return text;
}

test.concurrent.each(Object.entries(WRONG_CONFIGURATIONS))(
  'a worker %s refuses to start and names each setting',
  async (_what, change) => {
    const changes = change();
    const log = await logOfRefusal(changes);
    for (const setting of Object.keys(changes)) {
      expect(log).toMatch(new RegExp(`^ *${setting}\\b`, 'm'));
    }
  },
);

test.concurrent.each(Object.entries(CASES))(
  'a worker %s refuses to start and names the setting',
  async (what, [setting, change]) => {
    const refusal = AS_PROCESS.includes(what) ? logOfRefusal : messageOfRefusal;
    expect(await refusal(await change())).toContain(setting);
  },
);

test('a worker that refuses to start receives no message', async () => {
  const { Messages } = await stack.queue.client.send(
    new ReceiveMessageCommand({
      QueueUrl: stack.queue.url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    }),
  );
  expect(Messages?.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(
    Array(5).fill('1'),
  );
  expect(stack.sqs.proxy.calls.filter(({ action }) => action === 'ReceiveMessage')).toEqual([]);
});

test('a worker with the right settings starts, drains the queue, and stops on SIGTERM', async () => {
  const worker = await stack.spawnWorker();
  await expect.poll(stack.queueDepth, { timeout: 20_000 }).toEqual({ visible: 0, inFlight: 0 });
  expect(await stack.rows()).toHaveLength(5);
  await worker.stop();
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  expect(await worker.log()).toContain('worker has stopped');
});
