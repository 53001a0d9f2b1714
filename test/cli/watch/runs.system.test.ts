import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FoundRun } from '../../../src/cli/runs/find-run.ts';
import type { Reconciliation } from '../../../src/domain/reconciliation.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { readRunSummary } from '../../../src/postgres/runs/read-run-summary.ts';
import type { LatestRuns, LedgerEntry } from '../../../src/postgres/runs/read-runs.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Listed = {
  emptyRuns: number;
  missingBecause?: string;
  runs: (LedgerEntry & { state: string })[];
};

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
    expect(stderr).toBe('and 1 run(s) that found an empty queue, see --all\n');
  });

  test('shows the status from Temporal for a run that has not closed', async () => {
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

describe('a run with shards', () => {
  const children = (id: string) => [1, 2].map((n) => `${id}/shard-${n}`);

  test('shows the sum and names its shards everywhere', async () => {
    await stack.send([...loginMessages(400), 'bad']);
    const handle = await stack.start({ shards: 2, batchSize: 50 });
    await handle.result();
    const counts = { received: 401, inserted: 400, quarantined: 1, acknowledged: 401 };
    const { workflowId } = handle;

    const { runs: listed, emptyRuns } = jsonOf<Listed>(await runs('--json'));
    expect({ listed, emptyRuns }).toMatchObject({ emptyRuns: 0, listed: [{ workflowId, counts }] });
    expect(listed[0]?.children.map((child) => child.workflowId)).toEqual(children(workflowId));
    expect((await runs()).stdout).toMatch(
      new RegExp(`${workflowId} +completed.* 401 +400 +0 +1 +401\\n.*  ${workflowId}/shard-1`),
    );

    const found = jsonOf<FoundRun>(await runs('show', workflowId, '--json'));
    expect(found.ledger).toMatchObject({ parts: [{ workflowId, counts }] });
    expect((await runs('show', workflowId)).stdout).toMatch(/completed .* 401 +400 +0 +1 +401/);
    // A shard is shown by itself.
    const shard = jsonOf<FoundRun>(await runs('show', `${workflowId}/shard-1`, '--json'));
    expect(shard.ledger).toMatchObject({ parts: [{ workflowId: `${workflowId}/shard-1` }] });

    const status = jsonOf<{ ledger: LatestRuns }>(await loginEtl(stack.env, ['status', '--json']));
    expect(status.ledger).toMatchObject({ emptyRuns: 0, runs: [{ workflowId, counts }] });

    const reconciled = jsonOf<Reconciliation & { addsUp: boolean }>(
      await loginEtl(stack.env, ['reconcile', '--json']),
    );
    expect(reconciled).toMatchObject({ addsUp: true, total: counts });
    expect(reconciled.runs.find((run) => run.workflowId === workflowId)).toMatchObject({
      sum: counts,
      children: [expect.any(String), expect.any(String)],
    });
    const { stdout } = await loginEtl(stack.env, ['reconcile']);
    for (const id of [workflowId, ...children(workflowId)]) expect(stdout).toContain(id);
    expect(stdout).toMatch(new RegExp(`${workflowId} +completed +401 +400`));

    const { lastRun, lastDay } = await readRunSummary(stack.pool);
    expect(lastRun).toMatchObject({ counts });
    expect(lastDay).toMatchObject([{ outcome: 'completed', runs: 1, counts }]);
  });

  test('shows the sum of its shards while it is open, too', async () => {
    await stack.send(loginMessages(200));
    const handle = await stack.start({ shards: 2, batchSize: 20, maxMessages: 1_000_000 });
    await expect.poll(async () => (await stack.rows()).length).toBeGreaterThan(0);
    await handle.signal('pause');
    const stored = async () => (await stack.rows()).length;
    await expect
      .poll(async () => (await runs('show', handle.workflowId)).stdout, { timeout: 30_000 })
      .toContain('paused');
    const listed = jsonOf<Listed>(await runs('--json')).runs;
    expect(listed).toMatchObject([{ workflowId: handle.workflowId, state: 'running' }]);
    expect(listed[0]?.children.length).toBeGreaterThan(0);
    const shown = async () => (await runs('show', handle.workflowId)).stdout;
    const inserted = async () => / (\d+) inserted/.exec((await shown()).replaceAll('\n', ' '))?.[1];
    await expect
      .poll(async () => [await inserted(), String(await stored())], { timeout: 30_000 })
      .toSatisfy(([one, other]) => one === other);
    await handle.signal('resume');
    expect(await handle.result()).toMatchObject({ received: 200 });
  }, 120_000);

  test('a run with shards that found nothing counts as one run', async () => {
    const since = ['--since', new Date().toISOString()];
    await stack.run({ shards: 3 });
    const listed = async (...args: string[]) =>
      jsonOf<Listed>(await runs('--json', ...since, ...args));
    expect(await listed()).toMatchObject({ runs: [], emptyRuns: 1 });
    expect((await listed('--all')).runs).toHaveLength(1);
  });
});

describe('a run that failed before its first batch', () => {
  test('is in the list and in status, with the reason', async () => {
    const since = new Date().toISOString();
    const handle = await stack.start({ lanes: 0 });
    await expect(handle.result()).rejects.toThrow();
    const reason = 'lanes: must be a whole number from 1 to 32';
    const { workflowId } = handle;
    const listed = async () => jsonOf<Listed>(await runs('--json', '--since', since)).runs;
    await expect.poll(listed).toMatchObject([{ workflowId, state: 'failed', reason }]);
    const shown = await runs('--all');
    expect(shown.stdout).toMatch(new RegExp(`${workflowId} +failed`));
    expect(shown.stderr).toContain(`${workflowId}: ${reason}`);
    const { stdout } = await loginEtl(stack.env, ['status']);
    expect(stdout).toMatch(new RegExp(`${workflowId} +failed`));
    expect(stdout).toContain(`${workflowId}: ${reason}`);
  });

  test('where Temporal cannot be asked, the list says that it is not complete', async () => {
    const elsewhere = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const alone = await loginEtl({ ...stack.env, ...elsewhere }, ['runs']);
    expect(alone.stderr).toContain('runs that failed before their first batch are missing here');
    const json = await loginEtl({ ...stack.env, ...elsewhere }, ['runs', '--json']);
    expect(jsonOf<Listed>(json).missingBecause).toBeDefined();
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

  test('shows why a run failed', async () => {
    const run = await stack.start({ maxMessages: -1 });
    await expect(run.result()).rejects.toThrow();
    const { exitCode, stdout } = await runs('show', run.workflowId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/failed, began.*\n.*maxMessages/);
  });

  test('shows the ledger while Temporal is unreachable', async () => {
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

  test('asks Temporal once for the latest run while it does not answer', async () => {
    await stack.send(loginMessages(1));
    await (await stack.start()).result();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const elsewhere = { TEMPORAL_ADDRESS: `127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const began = performance.now();
    const { exitCode, stdout } = await loginEtl({ ...stack.env, ...elsewhere }, [
      ...['runs', 'show', 'latest'],
    ]);
    expect(performance.now() - began).toBeLessThan(9_000);
    silent.close();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Temporal cannot be asked');
  });

  test('names the runs that begin with an ambiguous text', async () => {
    const started = [await stack.start(), await stack.start()];
    for (const run of started) await run.result();
    const ids = started.map(({ workflowId }) => workflowId);
    const common = ids[0]?.slice(0, 3) ?? '';
    const { exitCode, stderr } = await runs('show', common);
    expect(exitCode).toBe(2);
    for (const id of ids) expect(stderr).toContain(id);
  });

  test('fails if neither Temporal nor the ledger knows the run', async () => {
    const { exitCode, stderr } = await runs('show', 'nobody');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: the run was not found\n +why: neither/);
  });
});
