import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Steered } from '../../../src/temporal/runs/steer-run.ts';
import { type HeldRun, startHeldRun } from '../../support/held-run.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Result = { runs: Steered[] };

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterEach(() => stack?.sqs.proxy.setFault());
afterAll(() => stack?.stop());

const steer = (...args: string[]) => loginEtl(stack.env, args);

describe('with no run going on', () => {
  test.each(['pause', 'resume'])('%s says so, and where the schedule is told', async (command) => {
    const { exitCode, stderr } = await steer(command);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/no run is open\n +what to do: .*login-etl schedule/);
  });

  test('drain succeeds, with nothing to do', async () => {
    const { exitCode, stdout, stderr } = await steer('drain', '--json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { runs: [] }]);
    expect(stderr).toContain('no run is open');
  });

  test.each(['pause', 'resume', 'drain', 'cancel'])(
    '%s of an unknown id fails',
    async (command) => {
      expect((await steer(command, '--workflow-id', 'nobody')).exitCode).toBe(1);
    },
  );
});

const MESSAGES = 24;
const heldRun = () => startHeldRun(stack, MESSAGES, { lanes: 1 });

/** Releases it once it has been told something, since the command waits for its end. */
async function whileReleased<T>(command: Promise<T>, { handle, release }: HeldRun): Promise<T> {
  const isTold = async () =>
    (await handle.fetchHistory()).events?.some(
      ({ workflowExecutionSignaledEventAttributes: signalled, ...event }) =>
        signalled ?? event.workflowExecutionCancelRequestedEventAttributes,
    );
  await expect.poll(isTold).toBe(true);
  release();
  return command;
}

// Until the workflow answers the query `progress` and takes the signals.
describe('a run that is going on', () => {
  test('is paused and receives no more; resumed, it drains the queue', async () => {
    const { handle: run, release } = await heldRun();
    const paused = await steer('pause', '--json');
    expect(paused.exitCode).toBe(0);
    expect(jsonOf<Result>(paused).runs).toMatchObject([
      { workflowId: run.workflowId, state: 'paused', confirmed: true },
    ]);
    const status = await steer('status', '--json');
    expect(status.exitCode).toBe(1);
    expect(status.stdout).toContain(`${run.workflowId} is paused`);
    expect((await stack.queueDepth()).visible).toBeGreaterThan(0);
    release();
    const resumed = await steer('resume', '--workflow-id', run.workflowId);
    expect(resumed.exitCode).toBe(0);
    expect(await run.result()).toMatchObject({
      received: MESSAGES,
      acknowledged: MESSAGES,
    });
  });

  test('is drained: received messages are stored and acknowledged, the rest stays on the queue', async () => {
    const run = await heldRun();
    const { exitCode } = await whileReleased(steer('drain'), run);
    expect(exitCode).toBe(0);
    const counts = await run.handle.result();
    expect(counts.acknowledged).toBe(counts.received);
    expect(await stack.rows()).toHaveLength(counts.inserted);
    expect((await stack.queueDepth()).visible).toBe(MESSAGES - counts.received);
  });

  test('is cancelled: received messages are stored and acknowledged, and the ledger says cancelled', async () => {
    const run = await heldRun();
    const { exitCode, stdout } = await whileReleased(steer('cancel', '--json'), run);
    expect(exitCode, stdout).toBe(0);
    expect(jsonOf<Result>({ stdout } as never).runs).toMatchObject([
      { workflowId: run.handle.workflowId, state: 'ended' },
    ]);
    const { runs } = jsonOf<{ runs: { state: string; counts: Record<string, number> }[] }>(
      await steer('runs', '--json', '--all'),
    );
    expect(runs[0]).toMatchObject({ state: 'cancelled' });
    expect(runs[0]?.counts.acknowledged).toBe(runs[0]?.counts.received);
    expect(await stack.rows()).toHaveLength(runs[0]?.counts.inserted ?? -1);
  });
});
