import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type ReplayWorkerOptions,
  Worker,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, inject, test } from 'vitest';
import { type Keyring, parseKeyring } from '../../src/crypto/keys/keyring.ts';
import { converterPaths, dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { testRuntime } from '../support/test-runtime.ts';
import { readHistory } from './history-file.ts';
import { RECORDED_CASES } from './recorded-cases.ts';
import { RECORDED_REPLAYS } from './recorded-replays.ts';
import { RECORDED_ROTATIONS } from './recorded-rotations.ts';

const HISTORIES = new URL('histories/', import.meta.url);
const files = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));

async function payloadKeys() {
  const keyring = parseKeyring(
    await readFile(new URL('payload-keys.json', import.meta.url), 'utf8'),
  );
  if (Array.isArray(keyring)) throw new Error(`payload-keys.json ${keyring.join('; ')}`);
  return keyring;
}

/** What replaying a history, or its first events, comes to: nothing, or why it could not be replayed. */
async function replay(
  workflowBundle: NonNullable<ReplayWorkerOptions['workflowBundle']>,
  file: string,
  { keys, events }: { keys?: Keyring; events?: number } = {},
): Promise<Error | undefined> {
  testRuntime();
  const whole = readHistory(await readFile(new URL(file, HISTORIES), 'utf8'));
  const history = { ...whole, events: whole.events?.slice(0, events) ?? [] };
  // The ids of its children are made of it.
  const { workflowId } = history.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  const options = { workflowBundle, dataConverter: dataConverter(keys ?? (await payloadKeys())) };
  const results = Worker.runReplayHistories(options, [{ workflowId: workflowId ?? file, history }]);
  const errors = [];
  for await (const { error } of results) errors.push(error);
  expect(errors).toHaveLength(1);
  return errors[0];
}

test.each([
  ...Object.keys(RECORDED_CASES).map((name) => ['ingest-logins', name]),
  ...Object.keys(RECORDED_REPLAYS).map((name) => ['replay-quarantine', name]),
  ...Object.keys(RECORDED_ROTATIONS).map((name) => ['rotate-masking-key', name]),
])('there is a history of %s, of the case that is called %s', (workflow, name) => {
  const form = new RegExp(`^${workflow}-\\d+\\.\\d+\\.\\d+-${name}(-\\d+)?\\.json$`);
  expect(files.filter((file) => form.test(file)).length).toBeGreaterThan(0);
});

test('a chain of runs is there with all its parts', () => {
  for (const part of ['-continued-1.json', '-continued-2.json']) {
    expect(files.filter((file) => file.endsWith(part)).length).toBeGreaterThan(0);
  }
});

test.each(files)('a run under way could go on with this build: %s', async (file) => {
  expect(await replay({ codePath: inject('workflowBundlePath') }, file)).toBeUndefined();
});

test('a workflow whose commands are others is found out', async () => {
  const altered = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('altered-workflow.ts', import.meta.url)),
    ...converterPaths,
    logger: new DefaultLogger('WARN'),
  });
  const mixed = files.filter((file) => file.endsWith('-mixed.json'));
  expect(mixed.length).toBeGreaterThan(0);
  for (const file of mixed) {
    expect(await replay(altered, file)).toBeInstanceOf(DeterminismViolationError);
  }
});

/** Of a run that a worker has just been given: its start, and its first workflow task, which has ended. */
const JUST_GIVEN = { keys: testKeyring('another'), events: 4 };

test('a worker without the payload key waits with a run that continues another, and fails one that is started', async () => {
  const bundle = { codePath: inject('workflowBundlePath') };
  const waits = await replay(bundle, 'ingest-logins-0.3.0-continued-2.json', JUST_GIVEN);
  expect(waits?.message).toContain('workflow task failure');
  expect(await replay(bundle, 'ingest-logins-0.3.0-bounded.json', JUST_GIVEN)).toBeUndefined();
});
