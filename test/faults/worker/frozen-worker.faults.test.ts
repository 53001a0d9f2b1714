import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { IngestHandle } from '../../support/start-stack.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { closedGate, type Gate } from '../support/gate.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { until } from '../support/until.ts';

const COUNT = 100;

let stack: FaultStack;
let ways: Ways;
let frozen: WorkerProcess;
let gate: Gate;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
});
beforeEach(async () => {
  await stack.clear();
  gate = closedGate();
  ways = await stack.proxied();
  frozen = await stack.spawnWorker(ways.env);
  return async () => {
    gate.open();
    await frozen.kill();
  };
});
afterAll(() => stack?.stop());

/**
 * A worker stands still in the middle of a step, as one whose machine is suspended, until it counts as dead and
 * another one has begun the same step. Then it goes on as if nothing had been.
 */
async function freezeDuring(step: string, run: IngestHandle): Promise<WorkerProcess> {
  await gate.reached;
  process.kill(frozen.pid, 'SIGSTOP');
  const other = await stack.spawnWorker(stack.env);
  await until('the other worker has begun the same step', async () => {
    // The frozen worker's own task queue gets the step first, and after some seconds the queue of all workers.
    const { events } = await run.fetchHistory();
    const scheduled = events?.filter(
      ({ activityTaskScheduledEventAttributes: each }) =>
        each?.activityType?.name === step && each.taskQueue?.name === TASK_QUEUE,
    );
    return (scheduled?.length ?? 0) > 0;
  });
  process.kill(frozen.pid, 'SIGCONT');
  gate.open();
  return other;
}

test(
  'a worker that stands still before its commit, and commits when another one has taken over: once each',
  async () => {
    const ids = await stack.send([...loginMessages(COUNT - 1), 'bad']);
    ways.postgres.setFault(async (sent) => {
      if (sent.includes('commit\0')) await gate.pass();
      return true;
    });
    const run = await stack.start({ lanes: 1 });
    const other = await freezeDuring('insertBatch', run);
    expect(await run.result()).toMatchObject({
      received: COUNT,
      inserted: COUNT - 1,
      quarantined: 1,
      duplicates: 0,
      acknowledged: COUNT,
    });
    await other.kill();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);

test(
  'a worker that stands still in its acknowledgement, and deletes what another one has deleted: no harm',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    let deletes = 0;
    ways.sqs.setFault(async (call, passOn) => {
      if (call.action === 'DeleteMessageBatch') deletes += 1;
      if (deletes > 3) await gate.pass();
      return passOn();
    });
    const run = await stack.start({ lanes: 1 });
    const other = await freezeDuring('acknowledgeBatch', run);
    expect(await run.result()).toMatchObject({ inserted: COUNT, acknowledged: COUNT });
    await other.kill();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
