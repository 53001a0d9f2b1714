import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { scheduleHandle } from '../../../src/temporal/schedule/create-schedule.ts';
import { jsonOf, loginEtl } from '../../cli/login-etl.ts';
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

test('a schedule and histories of an older payload key go on after rotation, with no other step', async () => {
  await loginEtl(env, ['schedule', 'create', '--input', '{"maxMessages": 5}', '--paused']);
  const before = await stack.spawnWorker();
  const oldRun = await scheduledRun();
  expect(await keysIn(oldRun)).toEqual(new Set(['old']));
  await before.stop();

  const rotated = await loginEtl(env, ['keys', 'rotate', 'payload', '--id', 'new']);
  expect(rotated.exitCode, rotated.stderr).toBe(0);

  await stack.spawnWorker();
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
}, 180_000);
