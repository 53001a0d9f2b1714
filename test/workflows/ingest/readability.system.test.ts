import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTE_TYPES } from '../../../src/domain/search-attributes.ts';
import { closedRuns } from '../../../src/temporal/runs/list-runs.ts';
import { startRun } from '../../../src/temporal/runs/start-run.ts';
import { createSchedule, scheduleHandle } from '../../../src/temporal/schedule/create-schedule.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;
/** Knows none of our keys, as the Web UI. */
let stranger: Client;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
  stranger = new Client({ connection: stack.client.connection });
});
afterAll(() => stack?.stop());

type FoundPayload = { path: string; metadata: Record<string, Uint8Array>; data: Uint8Array };

/** Every payload of a history, wherever it is. */
function payloadsIn(value: unknown, path = ''): FoundPayload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const { metadata, data } = value as Partial<FoundPayload>;
  if (metadata?.encoding instanceof Uint8Array) {
    return [{ path, metadata, data: data ?? new Uint8Array(0) }];
  }
  return Object.entries(value).flatMap(([name, part]) => payloadsIn(part, `${path}.${name}`));
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8');

async function payloadsOf(handle: IngestHandle): Promise<FoundPayload[]> {
  const { events } = await stranger.workflow.getHandle(handle.workflowId).fetchHistory();
  return payloadsIn(events);
}

const readable = (payloads: FoundPayload[]) =>
  payloads.filter(({ metadata }) => text(metadata.encoding) !== 'binary/encrypted');

const MEMO = 'workflowPropertiesModifiedEventAttributes.upsertedMemo.fields';
const FOUND_BY = 'upsertWorkflowSearchAttributesEventAttributes.searchAttributes.indexedFields';

test('inputs and results of the workflow and of each step are encrypted; only the summaries are not', async () => {
  await stack.send([...loginMessages(50), 'bad']);
  const handle = await stack.start({ lanes: 2, maxMessages: 51 });
  await handle.result();
  const payloads = await payloadsOf(handle);
  const events = new Set(payloads.map(({ path }) => path.split('.')[2]));
  for (const event of [
    'workflowExecutionStartedEventAttributes',
    'activityTaskScheduledEventAttributes',
    'activityTaskCompletedEventAttributes',
    'workflowExecutionCompletedEventAttributes',
  ]) {
    expect(events).toContain(event);
  }
  expect(new Set(readable(payloads).map(({ path }) => path.replace(/\d+/, 'N')))).toEqual(
    new Set([
      '.N.userMetadata.summary',
      ...['counts', 'trigger'].map((name) => `.N.${MEMO}.${name}`),
      ...Object.keys(SEARCH_ATTRIBUTE_TYPES).map((name) => `.N.${FOUND_BY}.${name}`),
      // The names of changes to the workflow, `patched('…')`.
      '.N.markerRecordedEventAttributes.details.patch-data.payloads.0',
      `.N.${FOUND_BY}.TemporalChangeVersion`,
    ]),
  );
});

const SUMMARIES = [
  /^lane \d: receive up to \d+ messages$/,
  /^lane \d: mask \d+ messages$/,
  /^lane \d: insert \d+ rows, quarantine \d+$/,
  /^lane \d: acknowledge \d+ messages$/,
  /^ledger: \d+ received, \d+ inserted, \d+ duplicates, \d+ quarantined, \d+ acknowledged$/,
];

test('each step has a summary that anyone can read, and that holds counts only', async () => {
  await stack.send([...loginMessages(30), 'bad']);
  const handle = await stack.start();
  await handle.result();
  const summaries = readable(await payloadsOf(handle))
    .filter(({ path }) => path.endsWith('.summary'))
    .map(({ data }) => JSON.parse(text(data)) as string);
  for (const summary of summaries) {
    expect(SUMMARIES.filter((form) => form.test(summary))).toHaveLength(1);
  }
  for (const form of SUMMARIES) expect(summaries.some((summary) => form.test(summary))).toBe(true);
  expect(summaries).toContain('lane 1: insert 30 rows, quarantine 1');
});

test("a run's current details can be read while it runs and afterwards, and hold counts only", async () => {
  await stack.send(loginMessages(100));
  const handle = await stack.start({ batchSize: 10, lanes: 1 });
  const details = async () => {
    const { currentDetails } = await stranger.workflow
      .getHandle(handle.workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return currentDetails;
  };
  const form =
    /^\*\*draining\*\*\n\n\| received \| inserted \| duplicates \| quarantined \| acknowledged \| batches \|\n[-:| ]+\n\|( \d+ \|){6}$/;
  await expect.poll(details).toMatch(form);
  await handle.result();
  expect(await details()).toBe(
    [
      '**completed**\n',
      '| received | inserted | duplicates | quarantined | acknowledged | batches |',
      '| ---: | ---: | ---: | ---: | ---: | ---: |',
      '| 100 | 100 | 0 | 0 | 100 | 10 |',
    ].join('\n'),
  );
});

const failureOf = async (handle: IngestHandle) => {
  const { events } = await stranger.workflow.getHandle(handle.workflowId).fetchHistory();
  return events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
};

const metadataOf = async (workflowId: string) => {
  const { raw } = await stranger.workflow.getHandle(workflowId).describe();
  const shown = (payload: { data?: Uint8Array | null } | null | undefined) =>
    JSON.parse(text(payload?.data ?? undefined)) as string;
  const { summary, details } = raw.executionConfig?.userMetadata ?? {};
  return { summary: shown(summary), details: shown(details) };
};

const detailsOf = async (workflowId: string) => {
  const { currentDetails } = await stranger.workflow
    .getHandle(workflowId)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return currentDetails;
};

test('a run that is started by hand or by the schedule says so, with its settings, and its details say how it ended', async () => {
  const workflowId = await startRun(stack.client, { lanes: 2, maxMessages: 7 });
  await stack.client.workflow.getHandle(workflowId).result();
  const { summary, details } = await metadataOf(workflowId);
  expect(summary).toBe('by hand, lanes 2, maxMessages 7');
  expect(details).toContain('Settings: lanes 2, maxMessages 7.');
  expect(await detailsOf(workflowId)).toMatch(/^\*\*completed\*\*\n/);

  await createSchedule(stack.client, { when: { everyMs: 3_600_000 }, input: { shards: 2 } });
  await scheduleHandle(stack.client).trigger();
  const started = async () => (await closedRuns(stack.client, 1))[0]?.workflowId ?? '';
  await expect.poll(started, { timeout: 20_000 }).toMatch(/^ingest-logins-\d{4}-\d\d-\d\dT/);
  const scheduled = await started();
  expect((await metadataOf(scheduled)).summary).toBe('by the schedule, shards 2');
  expect((await metadataOf(`${scheduled}/shard-2`)).summary).toBe('by its parent as shard-2');
  expect(await detailsOf(scheduled)).toMatch(/^\*\*completed\*\*\n/);
  await scheduleHandle(stack.client).delete();
});

test('the details of a run whose input is refused say why', async () => {
  const handle = await stack.start({ lanes: 0 });
  await expect(handle.result()).rejects.toThrow();
  expect(await detailsOf(handle.workflowId)).toBe(
    '**failed**\n\nlanes: must be a whole number from 1 to 32',
  );
});

test('why a run failed can be read without a key; its stack trace cannot', async () => {
  const handle = await stack.start({ lanes: -1, maxMesages: 5, 'secret-203.0.113.77': 1 });
  const reason =
    'lanes: must be a whole number from 1 to 32; input: unknown setting maxMesages, did you mean maxMessages?; ' +
    'input: 1 unknown setting(s); known are lanes, batchSize, maxMessages, maxBatchBytes, shards';
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: reason } });
  const failure = await failureOf(handle);
  expect(failure).toMatchObject({ message: reason, stackTrace: '' });
  expect(readable(payloadsIn(failure))).toEqual([]);
});

test('the failure of a step can be read without a key, down to its cause', async () => {
  await stack.send(loginMessages(1));
  await stack.pool.query('alter table user_logins rename to mislaid');
  try {
    const handle = await stack.start();
    await expect(handle.result()).rejects.toThrow();
    expect(await failureOf(handle)).toMatchObject({
      message: 'Activity task failed',
      cause: { message: expect.stringMatching(/^insertBatch: a table is missing: .* \(42P01\)$/) },
    });
  } finally {
    await stack.pool.query('alter table mislaid rename to user_logins');
  }
});
