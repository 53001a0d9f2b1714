import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type ReplayWorkerOptions,
  Worker,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { type Keyring, parseKeyring } from '../../src/crypto/keys/keyring.ts';
import { converterPaths, dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { testRuntime } from '../support/test-runtime.ts';
import { readHistory } from './history-file.ts';
import { RECORDED_CASES } from './recorded-cases.ts';
import { RECORDED_MAINTENANCE, RECORDED_RETENTION } from './recorded-maintenance.ts';
import { RECORDED_RECOVERIES } from './recorded-recoveries.ts';
import { RECORDED_REPLAYS } from './recorded-replays.ts';
import { RECORDED_ROTATIONS } from './recorded-rotations.ts';

const HISTORIES = new URL('histories/', import.meta.url);
const recorded = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));

async function payloadKeys() {
  const keyring = parseKeyring(
    await readFile(new URL('payload-keys.json', import.meta.url), 'utf8'),
  );
  if (Array.isArray(keyring)) throw new Error(`payload-keys.json ${keyring.join('; ')}`);
  return keyring;
}

/**
 * Replays the histories, or their first events, with one worker, since each worker loads the bundle.
 * @returns for each file why it could not be replayed, or undefined
 */
async function replay(
  workflowBundle: NonNullable<ReplayWorkerOptions['workflowBundle']>,
  replayed: readonly string[],
  { keys, events }: { keys?: Keyring; events?: number } = {},
): Promise<Map<string, Error | undefined>> {
  testRuntime();
  const files = new Map<string, string>();
  async function* histories() {
    for (const file of replayed) {
      const whole = readHistory(await readFile(new URL(file, HISTORIES), 'utf8'));
      const history = { ...whole, events: whole.events?.slice(0, events) ?? [] };
      const started = history.events[0]?.workflowExecutionStartedEventAttributes;
      files.set(started?.originalExecutionRunId ?? '', file);
      // The ids of its children are made of it.
      yield { workflowId: started?.workflowId ?? file, history };
    }
  }
  const options = { workflowBundle, dataConverter: dataConverter(keys ?? (await payloadKeys())) };
  const errors = new Map<string, Error | undefined>();
  for await (const { runId, error } of Worker.runReplayHistories(options, histories())) {
    errors.set(files.get(runId) ?? '', error);
  }
  expect([...errors.keys()].toSorted()).toEqual([...replayed].toSorted());
  return errors;
}

test.each([
  ...Object.keys(RECORDED_CASES).map((name) => ['ingest-logins', name]),
  ...Object.keys(RECORDED_MAINTENANCE).map((name) => ['maintain-tables', name]),
  ...Object.keys(RECORDED_RETENTION).map((name) => ['retain-tables', name]),
  ...Object.keys(RECORDED_RECOVERIES).map((name) => ['recover-logins', name]),
  ...Object.keys(RECORDED_REPLAYS).map((name) => ['replay-quarantine', name]),
  ...Object.keys(RECORDED_ROTATIONS).map((name) => ['rotate-masking-key', name]),
])('there is a history of %s, of the case %s', (workflow, name) => {
  const form = new RegExp(`^${workflow}-\\d+\\.\\d+\\.\\d+-${name}(-\\d+)?\\.json$`);
  expect(recorded.filter((file) => form.test(file)).length).toBeGreaterThan(0);
});

test('there is a recorded chain of runs', () => {
  for (const part of ['-continued-1.json', '-continued-2.json']) {
    expect(recorded.filter((file) => file.endsWith(part)).length).toBeGreaterThan(0);
  }
});

describe('an open run continues with this build', () => {
  let errors: Map<string, Error | undefined>;
  beforeAll(async () => {
    errors = await replay({ codePath: inject('workflowBundlePath') }, recorded);
  });

  test.each(recorded)('%s', (file) => {
    expect(errors.get(file)).toBeUndefined();
  });
});

test('a workflow with other commands does not replay', async () => {
  const altered = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('altered-workflow.ts', import.meta.url)),
    ...converterPaths,
    logger: new DefaultLogger('WARN'),
  });
  const mixed = recorded.filter((file) => file.endsWith('-mixed.json'));
  expect(mixed.length).toBeGreaterThan(0);
  for (const error of (await replay(altered, mixed)).values()) {
    expect(error).toBeInstanceOf(DeterminismViolationError);
  }
});

/** The start of a run and its first workflow task, which has ended. */
const FIRST_TASK = { keys: testKeyring('another'), events: 4 };

test('a worker without the payload key fails the task, not the run, where another worker began it', async () => {
  const bundle = { codePath: inject('workflowBundlePath') };
  const [continued, started] = [
    'ingest-logins-0.3.0-continued-2.json',
    'ingest-logins-0.3.0-bounded.json',
  ];
  const errors = await replay(bundle, [continued, started], FIRST_TASK);
  for (const name of [continued, started]) {
    expect(errors.get(name)?.message).toContain('workflow task failure');
  }
});
