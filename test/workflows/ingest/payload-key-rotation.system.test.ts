import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { scheduleHandle } from '../../../src/temporal/schedule/create-schedule.ts';
import { loginEtl } from '../../cli/in-process.ts';
import { jsonOf } from '../../cli/login-etl.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { testRuntime } from '../../support/test-runtime.ts';

let directory: string;
let stack: Stack;
/** What whoever reads the keyring's file is given. */
let env: Record<string, string>;

beforeAll(async () => {
  directory = await makeTestDirectory('payload-keys');
  const file = join(directory, 'payload-keys.json');
  const keys = await generateKeys('old');
  await writeFile(file, keys[KEY_FILE_NAMES.payloadKeys] as string, { mode: 0o600 });
  stack = await startStack({ env: { PAYLOAD_KEYS: '', PAYLOAD_KEYS_FILE: file } });
  env = { ...stack.env };
});
afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** With the keyring as the file has it now. */
function present() {
  const { payloads } = loadConfig(['payloads'], env);
  const { connection } = stack.client;
  const converter = dataConverter(payloads.keys);
  return { converter, client: new Client({ connection, dataConverter: converter }) };
}

const runIds = async (): Promise<string[]> => {
  const described = await loginEtl(env, ['schedule', 'describe', '--json']);
  return jsonOf<{ recent: { workflowId: string }[] }>(described).recent.map(
    (run) => run.workflowId,
  );
};

/** Fires the schedule, and waits for the run's result. */
async function scheduledRun(): Promise<string> {
  await stack.send(loginMessages(5));
  const earlier = await runIds();
  const newRun = async () => (await runIds()).find((id) => !earlier.includes(id));
  await scheduleHandle(present().client).trigger();
  await expect.poll(newRun, { timeout: 20_000 }).toBeDefined();
  const workflowId = (await newRun()) as string;
  const { received } = await present().client.workflow.getHandle(workflowId).result();
  expect(received).toBe(5);
  return workflowId;
}

/** Ids of the keys that the payloads of a run's history were encrypted with. */
async function keysIn(workflowId: string): Promise<Set<string>> {
  const history = await present().client.workflow.getHandle(workflowId).fetchHistory();
  const ids = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
    const id = (value as Record<string, unknown>)['encryption-key-id'];
    if (id instanceof Uint8Array) ids.add(Buffer.from(id).toString());
    Object.values(value).forEach(look);
  };
  look(history);
  return ids;
}

test('after a rotation a schedule and histories of an older payload key work without another step', async () => {
  await loginEtl(env, ['schedule', 'create', '--input', '{"maxMessages": 5}', '--paused']);
  const stopBefore = await stack.startWorker();
  const oldRun = await scheduledRun();
  expect(await keysIn(oldRun)).toEqual(new Set(['old']));
  await stopBefore();

  const rotated = await loginEtl(env, ['keys', 'rotate', 'payload', '--id', 'new']);
  expect(rotated.exitCode, rotated.stderr).toBe(0);

  const stopAfter = await stack.startWorker();
  const newRun = await scheduledRun();
  // The schedule's input is as it was; what the run makes of it is the new key's.
  expect(await keysIn(newRun)).toEqual(new Set(['old', 'new']));
  const described = jsonOf<{ input: unknown }>(
    await loginEtl(env, ['schedule', 'describe', '--json']),
  );
  expect(described.input).toEqual({ maxMessages: 5 });

  const { client, converter } = present();
  testRuntime();
  for (const workflowId of [oldRun, newRun]) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const results = Worker.runReplayHistories(
      { workflowBundle: { codePath: inject('workflowBundlePath') }, dataConverter: converter },
      [{ workflowId, history }],
    );
    for await (const { error } of results) expect(error).toBeUndefined();
  }
  await stopAfter();
}, 180_000);

type Listed = {
  id: string;
  kind: string;
  removableFrom?: string | null;
  removableBecause?: string;
};

const listed = async (id: string): Promise<Listed | undefined> =>
  jsonOf<Listed[]>(await loginEtl(env, ['keys', 'list', '--json'])).find(
    (key) => key.kind === 'payload' && key.id === id,
  );

test('keys list shows the time from which a payload key may be removed: when no kept history needs it', async () => {
  expect(await listed('new')).not.toHaveProperty('removableFrom');
  expect(await listed('old')).toMatchObject({
    removableFrom: null,
    removableBecause: expect.stringContaining("the schedule's input is encrypted with it"),
  });
  const input = ['--input', '{"maxMessages": 5}'];
  await loginEtl(env, ['schedule', 'create', '--replace', '--paused', ...input]);
  const stopWorker = await stack.startWorker();
  await scheduledRun();
  await stopWorker();
  const { removableFrom } = (await listed('old')) ?? {};
  expect(Date.parse(removableFrom ?? '')).toBeGreaterThan(Date.now());
  expect((await loginEtl(env, ['keys', 'list'])).stdout).toContain(
    `payload key old may be removed from ${removableFrom} on: `,
  );
}, 60_000);

test('the log, status and doctor name a payload key that was removed too early, and what to do', async () => {
  const file = join(directory, 'too-early.json');
  const keys = await generateKeys('third');
  await writeFile(file, keys[KEY_FILE_NAMES.payloadKeys] as string, { mode: 0o600 });
  const blocker = await stack.pool.connect();
  await blocker.query('begin; lock table ingest_batches in access exclusive mode');
  const complete = await stack.spawnWorker();
  await stack.send(loginMessages(5));
  const { client } = present();
  const run = await client.workflow.start('ingestLogins', {
    ...{ taskQueue: TASK_QUEUE, workflowId: 'too-early', args: [{ maxMessages: 5 }] },
  });
  try {
    const pending = async () =>
      (await run.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name);
    await expect.poll(pending, { timeout: 20_000 }).toEqual(['insertBatch']);
    await complete.kill();
    const early = { ...env, PAYLOAD_KEYS_FILE: file };
    const worker = await stack.spawnWorker(early);
    const missing = 'encrypted with the key new, which PAYLOAD_KEYS does not hold';
    await expect.poll(() => worker.log(), { timeout: 40_000 }).toContain(missing);
    const problems = async () => {
      const { stdout } = await loginEtl(early, ['status', '--json']);
      return JSON.stringify((JSON.parse(stdout) as { problems: object[] }).problems);
    };
    await expect
      .poll(problems, { timeout: 60_000 })
      .toContain('Add that key to PAYLOAD_KEYS of every worker');
    expect(await problems()).toContain(missing);
    expect((await loginEtl(early, ['doctor'])).stdout).toContain(missing);
    await worker.stop();
  } finally {
    blocker.release(true);
    await run.terminate();
  }
}, 180_000);
