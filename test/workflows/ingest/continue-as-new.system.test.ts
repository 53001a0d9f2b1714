import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { payloadCodec } from '../../../src/crypto/payloads/payload-codec.ts';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type RunHistory, runHistories } from '../../support/run-history.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const MIB = 1024 * 1024;

test('a run of many batches continues as new before its history is long, and carries its counts over', async () => {
  const ids = await stack.send(loginMessages(210));
  const handle = await stack.start({ batchSize: 1, lanes: 1 });
  expect(await handle.result()).toEqual({
    received: 210,
    inserted: 210,
    duplicates: 0,
    quarantined: 0,
    acknowledged: 210,
    batches: 210,
  });
  expect((await stack.rows()).map((row) => row.message_id).sort()).toEqual(ids.sort());

  const runs = await runHistories(stack.client, handle.workflowId, handle.firstExecutionRunId);
  expect(runs.length).toBeGreaterThan(1);
  for (const { events, bytes } of runs) {
    expect(events.length).toBeLessThan(5_000);
    expect(bytes).toBeLessThan(10 * MIB);
  }
  // Only a run that is nearly full continues as new.
  expect(runs[0]?.events.length).toBeGreaterThan(3_000);
}, 180_000);

test('a cron outlives a run whose history was full, and its next run counts from zero', async () => {
  await stack.send(Array.from({ length: 12 }, () => incompressible(MIB)));
  const handle = await stack.start({ lanes: 1 }, { cronSchedule: '@every 1s' });
  const completed = async () => {
    const { workflowId, firstExecutionRunId } = handle;
    return (await runHistories(stack.client, workflowId, firstExecutionRunId)).filter(isCompleted);
  };
  await expect
    .poll(async () => (await completed()).length, { timeout: 120_000 })
    .toBeGreaterThan(1);
  await stack.client.workflow.getHandle(handle.workflowId).terminate();

  const [first, second] = await completed();
  expect(await resultOf(first)).toMatchObject({ received: 12, quarantined: 12, acknowledged: 12 });
  expect(await resultOf(second)).toEqual(zeroCounts());
  // The first run's history was full.
  const { rows } = await stack.pool.query(`select from ingest_runs where outcome = 'continued'`);
  expect(rows.length).toBeGreaterThan(0);
}, 180_000);

const isCompleted = ({ events }: RunHistory): boolean =>
  Boolean(events.at(-1)?.workflowExecutionCompletedEventAttributes);

/** Read from its history, since the client would follow a cron's runs forever. */
async function resultOf(run: RunHistory | undefined): Promise<unknown> {
  const { result } = run?.events.at(-1)?.workflowExecutionCompletedEventAttributes ?? {};
  const codec = payloadCodec(stack.config.payloads.keys);
  const [payload] = await codec.decode(result?.payloads ?? []);
  return defaultPayloadConverter.fromPayload(payload as Payload);
}
