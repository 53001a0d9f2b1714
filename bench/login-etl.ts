import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { loadConfig } from '../src/config/config.ts';
import type { Counts } from '../src/domain/counts.ts';
import { startWorkerProcess, whenWorkerFails } from '../src/local/process/worker-process.ts';
import { connectClient } from '../src/temporal/connect-client.ts';
import { startRun } from '../src/temporal/runs/start-run.ts';
import { untilDrained } from './bench-queue.ts';
import type { Round, Running } from './contestant.ts';

const LOOK_EVERY_MS = 50;

/** The whole job: starts its worker processes, then a workflow that drains the queue. */
export async function openLoginEtl(round: Round): Promise<Running> {
  const { environment, servers, options } = round;
  const config = loadConfig(['temporal', 'payloads'], environment);
  const client = await connectClient(config.temporal, config.payloads.keys);
  const workers = await Promise.all(
    Array.from({ length: round.workers }, () =>
      startWorkerProcess({
        env: { ...environment, WORKER_WORKFLOW_BUNDLE: servers.workflowBundle, LOG_LEVEL: 'warn' },
        logFile: servers.logFile(round.name),
      }),
    ),
  );
  const failed = Promise.race(workers.map(whenWorkerFails));
  failed.catch(() => undefined);
  let last: Run | undefined;
  let resultAt = 0;
  const run = async () => {
    const workflowId = await startRun(client, options.input);
    const result = client.workflow.result<() => Promise<Counts>>(workflowId);
    last = { workflowId, counts: await Promise.race([result, failed]) };
    resultAt = performance.now();
  };
  // Timed up to the last delete, like the others; the result follows after another long poll.
  let drainedAt = 0;
  let running: Promise<void> | undefined;
  const drain = async () => {
    running = run();
    running.catch(() => undefined);
    await Promise.race([untilDrained(round.queue, round.signal), failed]);
    drainedAt = performance.now();
  };
  const history = async () => {
    await running;
    const resultSecondsLater = (resultAt - drainedAt) / 1000;
    return last && { ...(await historyOf(client, last)), resultSecondsLater };
  };
  return {
    pids: workers.map(({ pid }) => pid),
    warmUp: run,
    drain,
    problems: (messages) => (last ? countProblems(last.counts, messages) : []),
    history,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await client.connection.close();
    },
  };
}

type Run = { workflowId: string; counts: Counts };

function countProblems(counts: Counts, messages: number): string[] {
  const { received, inserted, acknowledged } = counts;
  return [received, inserted, acknowledged].every((count) => count === messages)
    ? []
    : [
        `the workflow counts ${received} received, ${inserted} inserted, ${acknowledged} acknowledged`,
      ];
}

/** Sums the chains of runs of the workflow and of its shards. */
async function historyOf(client: Client, { workflowId, counts: { batches } }: Run) {
  const runs = await closedRuns(client, workflowId);
  const sizes = runs.map(({ historySize = 0 }) => historySize);
  return {
    runs: runs.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    largestRunBytes: Math.max(...sizes),
    mostEventsOfARun: Math.max(...runs.map(({ historyLength }) => historyLength)),
    batches,
  };
}

/** Temporal's list of runs is updated with a delay. */
async function closedRuns(client: Client, workflowId: string): Promise<WorkflowExecutionInfo[]> {
  for (;;) {
    const runs: WorkflowExecutionInfo[] = [];
    const query = `WorkflowId STARTS_WITH '${workflowId}'`;
    for await (const run of client.workflow.list({ query })) runs.push(run);
    const open = runs.some(({ status }) => status.name === 'RUNNING');
    const completed = idsOf(runs.filter(({ status }) => status.name === 'COMPLETED'));
    const all = idsOf(runs).size;
    if (!open && completed.has(workflowId) && completed.size === all) return runs;
    await delay(LOOK_EVERY_MS);
  }
}

const idsOf = (runs: readonly WorkflowExecutionInfo[]) =>
  new Set(runs.map(({ workflowId }) => workflowId));
