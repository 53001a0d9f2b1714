import { rm } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { IngestHandle } from '../../support/start-stack.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { closedGate } from '../support/gate.ts';
import { newerBundle } from '../support/newer-bundle.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { until } from '../support/until.ts';

const COUNT = 300;
const UNFIT =
  proto.temporal.api.enums.v1.WorkflowTaskFailedCause
    .WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;

let stack: FaultStack;
let bundles: { patched: string; unpatched: string };

beforeAll(async () => {
  const directory = await makeTestDirectory('bundles');
  bundles = {
    patched: await newerBundle(directory, 'patched'),
    unpatched: await newerBundle(directory, 'unpatched'),
  };
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
  return () => rm(directory, { recursive: true, force: true });
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const startedWith = (bundle: string) => ({ ...stack.env, WORKER_WORKFLOW_BUNDLE: bundle });

/** A run that a worker of this version has begun; the worker has been told to stop, and is gone. */
async function begunByThisVersion(): Promise<{ run: IngestHandle; ids: string[] }> {
  const ids = await stack.send(loginMessages(COUNT));
  const ways = await stack.proxied();
  const gate = closedGate();
  let deletes = 0;
  ways.sqs.setFault(async (call, passOn) => {
    if (call.action === 'DeleteMessageBatch') deletes += 1;
    if (deletes > 8) await gate.pass();
    return passOn();
  });
  const worker = await stack.spawnWorker(ways.env);
  const run = await stack.start({ lanes: 2, batchSize: 50 });
  await gate.reached;
  const stopped = worker.stop();
  gate.open();
  await stopped;
  expect((await run.describe()).status.name).toBe('RUNNING');
  return { run, ids };
}

async function pausesOf(run: IngestHandle): Promise<number> {
  const { events } = await run.fetchHistory();
  return (events ?? []).filter((event) => event.timerStartedEventAttributes).length;
}

test(
  'a worker with newer, patched code takes over a running workflow, and does new ones the new way',
  async () => {
    const { run, ids } = await begunByThisVersion();
    const newer = await stack.spawnWorker(startedWith(bundles.patched));
    expect(await run.result()).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
    expect(await pausesOf(run)).toBe(0);

    ids.push(...(await stack.send(loginMessages(10))));
    const next = await stack.start();
    expect(await next.result()).toMatchObject({ received: 10, inserted: 10 });
    expect(await pausesOf(next)).toBe(1);
    await newer.kill();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);

test(
  'newer code without a patch cannot go on: the run is stuck, not lost, and goes on with code that fits',
  async () => {
    const { run, ids } = await begunByThisVersion();
    const unfit = await stack.spawnWorker(startedWith(bundles.unpatched));
    await until('the worker fails at the history', async () => {
      const { events } = await run.fetchHistory();
      return events?.some((event) => event.workflowTaskFailedEventAttributes?.cause === UNFIT);
    });
    expect((await run.describe()).status.name).toBe('RUNNING');
    await unfit.kill();

    const fitting = await stack.spawnWorker(startedWith(bundles.patched));
    expect(await run.result()).toMatchObject({ received: COUNT, inserted: COUNT, duplicates: 0 });
    await fitting.kill();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
