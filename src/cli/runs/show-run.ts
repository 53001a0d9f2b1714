import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Counts } from '../../domain/counts.ts';
import { WORKFLOW_TYPE } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';
import { followRun, type RunOutcome } from '../../temporal/runs/follow-run.ts';
import { grpcStatus } from '../../temporal/temporal-problem.ts';
import { EXIT } from '../exit-codes.ts';
import { printData, printJson, printMessage, styled } from '../terminal/output.ts';
import { renderTable } from '../terminal/table.ts';
import { RunProgress } from './run-progress.ts';

type Shown = { workflowId: string; expected: number; json: boolean };

/** Follows a run on the terminal to its end, or until Ctrl-C. @returns the exit code */
export async function showRun(
  client: Client,
  { workflowId, expected, json }: Shown,
): Promise<number> {
  await checkRun(client, workflowId);
  const progress = new RunProgress(expected);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const outcome = await followRun(client, workflowId, progress, interruption.signal);
    progress.stop();
    if (!outcome) {
      printMessage(`no longer following; the run goes on: ${workflowId}\n${howToLook(workflowId)}`);
      return EXIT.interrupted;
    }
    printOutcome(workflowId, outcome, json);
    return outcome.status === 'completed' ? EXIT.ok : EXIT.failure;
  } catch (error) {
    throw grpcStatus(error) === undefined ? error : lostSight(workflowId, error);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** It is there, and one of ours. */
async function checkRun(client: Client, workflowId: string): Promise<void> {
  const type = await client.workflow
    .getHandle(workflowId)
    .describe()
    .then((description) => description.type)
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
  if (type === WORKFLOW_TYPE) return;
  throw new Problem(
    'there is no such run to follow',
    type === undefined
      ? 'no workflow of this id is in the namespace'
      : `the workflow is not of type ${WORKFLOW_TYPE}`,
    'Look for its id in the Web UI, or with `login-etl schedule describe`.',
  );
}

const howToLook = (workflowId: string) =>
  `  follow it again:   login-etl run --follow ${workflowId}\n` +
  `  look at it:        temporal workflow metadata --workflow-id ${workflowId}`;

function lostSight(workflowId: string, error: unknown): Problem {
  const name = error instanceof Error ? error.name : typeof error;
  return new Problem(
    'the run is out of sight',
    `Temporal no longer answers (${name}); the run itself goes on`,
    `Check TEMPORAL_ADDRESS.\n${howToLook(workflowId)}`,
  );
}

function printOutcome(workflowId: string, outcome: RunOutcome, json: boolean): void {
  if (json) {
    printJson({ workflowId, ...outcome });
  } else if (outcome.status === 'completed') {
    printData(countsTable(outcome.counts));
  }
  if (outcome.status === 'completed') {
    if (outcome.counts.received === 0)
      printMessage('nothing to receive: the queue is empty, or its messages are in flight');
  } else {
    printMessage(
      `${styled('red', `the run ${outcome.status === 'failed' ? 'failed' : `was ${outcome.status}`}:`, process.stderr)} ${outcome.reason}`,
    );
  }
}

function countsTable(counts: Counts): string {
  const names = Object.keys(counts) as (keyof Counts)[];
  return renderTable(
    names.map((title) => ({ title, align: 'right' })),
    [names.map((name) => counts[name])],
  );
}
