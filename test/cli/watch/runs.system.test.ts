import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FoundRun } from '../../../src/cli/runs/find-run.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import type { LedgerEntry } from '../../../src/postgres/runs/read-runs.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Listed = { emptyRuns: number; runs: (LedgerEntry & { state: string })[] };

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const runs = (...args: string[]) => loginEtl(stack.env, ['runs', ...args]);

describe('runs', () => {
  test('lists the latest first; those that found nothing only with --all', async () => {
    await stack.send(loginMessages(3));
    await stack.run();
    await stack.run();
    await stack.send([...loginMessages(2), 'no JSON']);
    await stack.run();
    const { json, all } = {
      json: jsonOf<Listed>(await runs('--json')),
      all: jsonOf<Listed>(await runs('list', '--json', '--all')),
    };
    expect(json.emptyRuns).toBe(1);
    expect(json.runs.map(({ counts }) => counts?.received)).toEqual([3, 3]);
    expect(json.runs[0]).toMatchObject({ state: 'completed', counts: { quarantined: 1 } });
    expect(all.runs.map(({ counts }) => counts?.received)).toEqual([3, 0, 3]);
    const { exitCode, stdout, stderr } = await runs('--limit', '1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/completed +[\d.]+ s +3 +2 +0 +1 +3$/m);
    expect(stderr).toContain('1 run(s) that found an empty queue');
  });

  test('says of one that has not closed what Temporal says', async () => {
    await stack.send(loginMessages(3));
    await stack.run();
    await stack.pool.query(
      'update ingest_runs set finished_at = null, outcome = null, received = null',
    );
    expect(jsonOf<Listed>(await runs('--json')).runs).toMatchObject([{ state: 'closed' }]);
    const elsewhere = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const alone = await loginEtl({ ...stack.env, ...elsewhere }, ['runs', '--json']);
    expect(jsonOf<Listed>(alone).runs).toMatchObject([{ state: 'open', counts: null }]);
    expect(alone.stderr).toContain('Temporal cannot be asked');
  });
});

describe('runs show', () => {
  test('finds a run by its workflow id or run id, the beginning of one, or as the latest', async () => {
    await stack.send(loginMessages(4));
    const run = await stack.start();
    await run.result();
    const { workflowId, firstExecutionRunId: runId } = run;
    for (const id of [workflowId, runId, runId.slice(0, 13), workflowId.slice(0, -2)]) {
      const found = jsonOf<FoundRun>(await runs('show', id, '--json'));
      expect(found).toMatchObject({
        workflowId: run.workflowId,
        temporal: { run: { status: 'completed', runId: run.firstExecutionRunId, open: null } },
        ledger: { parts: [{ outcome: 'completed', counts: { inserted: 4 } }] },
      });
    }
    await expect
      .poll(async () => jsonOf<FoundRun>(await runs('show', 'latest', '--json')).workflowId, {
        timeout: 20_000,
      })
      .toBe(workflowId);
    const { exitCode, stdout } = await runs('show', run.workflowId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/completed, began 20.*, ended 20/);
  });

  test('tells why one failed', async () => {
    const run = await stack.start({ maxMessages: -1 });
    await expect(run.result()).rejects.toThrow();
    const { exitCode, stdout } = await runs('show', run.workflowId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/failed, began.*\n.*maxMessages/);
  });

  test('shows what the ledger has while Temporal is away', async () => {
    await stack.send(loginMessages(1));
    const run = await stack.start();
    await run.result();
    const elsewhere = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const { exitCode, stdout, stderr } = await loginEtl({ ...stack.env, ...elsewhere }, [
      ...['runs', 'show', run.workflowId],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Temporal cannot be asked[\s\S]*completed/);
  });

  test('names the runs that begin with an ambiguous text', async () => {
    for (let time = 0; time < 2; time += 1) await (await stack.start()).result();
    const ids = jsonOf<Listed>(await runs('--all', '--json')).runs.map((run) => run.workflowId);
    expect(ids).toHaveLength(2);
    const common = ids[0]?.slice(0, 3) ?? '';
    const { exitCode, stderr } = await runs('show', common);
    expect(exitCode).toBe(2);
    for (const id of ids) expect(stderr).toContain(id);
  });

  test('says that nobody knows it', async () => {
    const { exitCode, stderr } = await runs('show', 'nobody');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: the run was not found\n +why: neither/);
  });
});
