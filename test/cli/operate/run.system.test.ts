import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Counts } from '../../../src/domain/counts.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf, startLoginEtl } from '../login-etl.ts';

type Ended = { workflowId: string; status: string; counts?: Counts; reason?: string };

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
beforeEach(() => stack.clear());

const run = (...args: string[]) => loginEtl(stack.env, ['run', ...args]);

describe('run, with a worker', () => {
  let stopWorker: () => Promise<void>;
  beforeAll(async () => {
    stopWorker = await stack.startWorker();
  });
  afterAll(() => stopWorker?.());
  afterEach(() => stack.sqs.proxy.setFault());

  test('prints the counts as a table, and exits with 0', async () => {
    await stack.send([...loginMessages(24), 'no JSON']);
    const { exitCode, stdout, stderr } = await run();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/received +inserted +duplicates +quarantined +acknowledged +batches/);
    expect(stdout).toMatch(/25 +24 +0 +1 +25 +\d+$/m);
    expect(stderr).toMatch(/^started ingest-logins-manual-20\S+Z\n$/);
    expect(await stack.rows()).toHaveLength(24);
  });

  test('passes on the input, from options and from JSON', async () => {
    await stack.send(loginMessages(30));
    const first = jsonOf<Ended>(await run('--max-messages', '10', '--json'));
    expect(first).toMatchObject({ status: 'completed', counts: { received: 10 } });
    const second = jsonOf<Ended>(
      await run('--input', '{"maxMessages": 5, "lanes": 2}', '--lanes', '1', '--json'),
    );
    expect(second.counts?.received).toBe(5);
  });

  test('prints that nothing was received, and exits with 0', async () => {
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(0);
    expect(stderr).toContain('nothing was received');
  });

  test('follows a run that continues as new, and counts the whole chain', async () => {
    // More bytes than a run puts into one history.
    await stack.send(Array.from({ length: 12 }, () => incompressible(1_000_000)));
    const ended = jsonOf<Ended>(await run('--lanes', '1', '--json'));
    expect(ended.counts).toMatchObject({ received: 12, quarantined: 12, acknowledged: 12 });
    const [first] = (await stack.pool.query('select outcome from ingest_runs order by started_at'))
      .rows;
    expect(first).toEqual({ outcome: 'continued' });
  });

  test('counts what the shards of a run did', async () => {
    await stack.send(loginMessages(40));
    const ended = jsonOf<Ended>(await run('--shards', '2', '--json'));
    expect(ended).toMatchObject({ status: 'completed', counts: { inserted: 40 } });
  });

  test('--detach starts a run, and --follow waits for its end', async () => {
    await stack.send(loginMessages(3));
    const { exitCode, stdout } = await run('--detach');
    expect(exitCode).toBe(0);
    const ended = jsonOf<Ended>(await run('--follow', stdout.trim(), '--json'));
    expect(ended).toMatchObject({ workflowId: stdout.trim(), counts: { inserted: 3 } });
  });

  test('exits with 1 and the reason when the run fails', async () => {
    const handle = await stack.start({ maxMessages: -1 });
    const { exitCode, stdout, stderr } = await run('--follow', handle.workflowId);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/the run failed: maxMessages: must be a whole number from 1/);
  });

  test('prints what holds the run up, and continues when it is over', async () => {
    await stack.send(loginMessages(3));
    stack.sqs.proxy.setFault(({ action }, passOn) =>
      action === 'ReceiveMessage' ? { status: 503, body: {} } : passOn(),
    );
    const command = startLoginEtl(stack.env, ['run', '--json']);
    await command.said('being retried: receiveBatch');
    stack.sqs.proxy.setFault();
    const result = await command.result;
    expect(result.exitCode).toBe(0);
    expect(jsonOf<Ended>(result).counts?.inserted).toBe(3);
  });

  test('refuses to follow an unknown workflow', async () => {
    const { exitCode, stderr } = await run('--follow', 'nothing-of-ours');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('there is no run');
  });
});

describe('run, without a worker', () => {
  test('prints that it waits for a worker; Ctrl-C leaves the run open, and prints how to follow it', async () => {
    const command = startLoginEtl(stack.env, ['run']);
    await command.said('waiting for a worker');
    command.interrupt();
    const { exitCode, stdout, stderr } = await command.result;
    expect([exitCode, stdout]).toEqual([130, '']);
    const workflowId = /started (\S+)/.exec(stderr)?.[1] ?? '';
    expect(stderr).toContain(`login-etl run --follow ${workflowId}`);
    const handle = stack.client.workflow.getHandle(workflowId);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });

  test('exits with 1 when the run is terminated', async () => {
    const command = startLoginEtl(stack.env, ['run', '--json']);
    await command.said('started');
    const workflowId = await expect
      .poll(async () => (await openRuns())[0], { timeout: 10_000 })
      .toBeDefined()
      .then(async () => (await openRuns())[0] ?? '');
    await stack.client.workflow.getHandle(workflowId).terminate();
    const result = await command.result;
    expect(result.exitCode).toBe(1);
    expect(jsonOf<Ended>(result)).toMatchObject({ workflowId, status: 'terminated' });
  });

  async function openRuns(): Promise<string[]> {
    const ids = [];
    const query = 'WorkflowType = "ingestLogins" and ExecutionStatus = "Running"';
    for await (const { workflowId } of stack.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  }
});
