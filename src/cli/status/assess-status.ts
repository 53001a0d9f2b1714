import { SET_CURRENT } from '../../temporal/deployment/version-routing.ts';
import type { OpenRun } from '../../temporal/runs/look-at-run.ts';
import { describeDuration } from '../options/duration.ts';
import type { Status } from './read-status.ts';

/** A reason why logins may not be flowing, and what to do about it. */
export type Trouble = { part: string; problem: string; whatToDo: string };

/** A step may fail once or twice by itself. */
const FAILING_FROM_ATTEMPT = 3;
/** Runs that were due and did not succeed. */
const OVERDUE_INTERVALS = 3;
const OVERDUE_GRACE_MS = 60_000;
/** SQS deletes a message at the end of the queue's retention. */
const MAX_RETENTION_SHARE = 0.75;

const PARTS = [
  ['queue', 'queue'],
  ['schedule', 'Temporal'],
  ['workers', 'Postgres'],
  ['running', 'Temporal'],
  ['latest', 'Temporal'],
  ['ledger', 'Postgres'],
  ['rows', 'Postgres'],
  ['quarantine', 'Postgres'],
  ['maskKeys', 'Postgres'],
  ['tables', 'Postgres'],
] as const;

/** Healthy means that every part answered and nothing keeps logins from being stored. */
export function assessStatus(status: Status): Trouble[] {
  return [
    ...unreachable(status),
    ...workers(status),
    ...schedule(status),
    ...running(status),
    ...latest(status),
    ...overdue(status),
    ...retention(status),
  ];
}

/** An unreachable server is one problem, however many parts it would have answered for. */
function unreachable(status: Status): Trouble[] {
  const troubles = new Map<string, Trouble>();
  for (const [name, server] of PARTS) {
    const part = status[name];
    if (part.reachable) continue;
    const { reason, whatToDo } = part;
    const key = `${server} ${reason}`;
    if (!troubles.has(key)) {
      troubles.set(key, { part: name, problem: `${server} cannot be asked: ${reason}`, whatToDo });
    }
  }
  return [...troubles.values()];
}

function workers({ workers: part }: Status): Trouble[] {
  if (!part.reachable) return [];
  if (part.workers.length > 0) return part.keyDifferences.map(keysDiffer);
  return [
    {
      part: 'workers',
      problem: 'no worker is running',
      whatToDo: 'Start one with `npm run worker`; its TEMPORAL_NAMESPACE must be this one.',
    },
  ];
}

const keysDiffer = (problem: string): Trouble => ({
  part: 'workers',
  problem,
  whatToDo: 'Give all workers the same keyrings and restart them: docs/rotation.md, docs/keys.md.',
});

function schedule({ schedule: part, running: open }: Status): Trouble[] {
  if (!part.reachable) return [];
  if (part.paused) {
    const note = part.note ? ` (${part.note})` : '';
    return [
      {
        part: 'schedule',
        problem: `the schedule is paused${note}`,
        whatToDo: 'Resume it with `login-etl schedule resume`.',
      },
    ];
  }
  // A cron keeps a run open all the time.
  if (part.exists || !open.reachable || open.runs.length > 0) return [];
  return [
    {
      part: 'schedule',
      problem: 'there is no schedule, and no run is open: nothing starts runs',
      whatToDo: 'Create it with `login-etl schedule create`.',
    },
  ];
}

function running({ running: part }: Status): Trouble[] {
  if (!part.reachable) return [];
  const { runs, waiting } = part;
  return [
    ...(waiting ? [{ part: 'workers', problem: waiting, whatToDo: SET_CURRENT }] : []),
    ...runs.flatMap(troublesOfRun),
  ];
}

export function troublesOfRun({ workflowId, state, failing, missingKey }: OpenRun): Trouble[] {
  const troubles: Trouble[] = failing
    .filter(({ attempt }) => attempt >= FAILING_FROM_ATTEMPT)
    .map(({ step, attempt, reason }) => ({
      part: 'running',
      problem: `${step} of ${workflowId} fails (attempt ${attempt}): ${reason}`,
      whatToDo: reason.includes('PAYLOAD_KEYS')
        ? ADD_KEY
        : 'Fix the cause; the run then continues by itself.',
    }));
  if (state === 'stuck') {
    troubles.push({
      part: 'running',
      problem: `the worker fails to execute ${workflowId}${missingKey ? `: ${missingKey}` : ''}`,
      whatToDo: missingKey
        ? ADD_KEY
        : "See the worker's log: it may lack a payload key, or its build may not match the run.",
    });
  }
  if (state === 'paused') {
    troubles.push({
      part: 'running',
      problem: `${workflowId} is paused`,
      whatToDo: `Resume it with \`login-etl resume --workflow-id ${workflowId}\`.`,
    });
  }
  return troubles;
}

function latest({ latest: part }: Status): Trouble[] {
  const run = part.reachable ? part.run : null;
  if (!run || !['failed', 'timed out', 'terminated'].includes(run.status)) return [];
  const verb = run.status === 'terminated' ? 'was terminated' : run.status;
  return [
    {
      part: 'latest',
      problem: `the latest run, ${run.workflowId}, ${verb}${run.reason ? `: ${run.reason}` : ''}`,
      whatToDo: `Fix the cause; \`login-etl runs show ${run.workflowId}\` shows more.`,
    },
  ];
}

const ADD_KEY =
  'Add that key to PAYLOAD_KEYS of every worker and restart them: `login-etl keys list` says from when on a key may be removed.';

/** The schedule starts runs of which none succeeds, or starts none at all. */
function overdue({ at, schedule: plan, running: open, ledger }: Status): Trouble[] {
  if (!plan.reachable || !open.reachable || !ledger.reachable) return [];
  if (plan.paused || plan.intervalSeconds === null || open.runs.length > 0) return [];
  const since = Math.max(ledger.lastSuccessAt?.getTime() ?? 0, plan.changedAt?.getTime() ?? 0);
  const ms = at.getTime() - since;
  if (ms < plan.intervalSeconds * 1_000 * OVERDUE_INTERVALS + OVERDUE_GRACE_MS) return [];
  return [
    {
      part: 'ledger',
      problem: `no run has succeeded for ${describeDuration(ms)}`,
      whatToDo: 'Start one by hand and watch it: `login-etl run`.',
    },
  ];
}

function retention({ queue }: Status): Trouble[] {
  if (!queue.reachable || queue.oldestSeenSeconds === null) return [];
  if (queue.oldestSeenSeconds < queue.retentionSeconds * MAX_RETENTION_SHARE) return [];
  const kept = describeDuration(queue.retentionSeconds * 1_000);
  return [
    {
      part: 'queue',
      problem: `messages are ${describeDuration(queue.oldestSeenSeconds * 1_000)} old, and SQS deletes them after ${kept}`,
      whatToDo:
        'Lengthen the retention of the queue now (up to 14 days), then find out why runs do not drain it.',
    },
  ];
}
