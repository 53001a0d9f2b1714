import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Counts } from '../../domain/counts.ts';
import { WORKFLOW_TYPE } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';
import { followRun, type RunOutcome } from '../../temporal/runs/follow-run.ts';
import { grpcStatus } from '../../temporal/temporal-problem.ts';
import { EXIT } from '../exit-codes.ts';
import { printData, printJson, printMessage, styled, terminalWidth } from '../terminal/output.ts';
import { renderTable } from '../terminal/table.ts';
import { RunProgress } from './run-progress.ts';
import { countColumns } from './runs-table.ts';

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
      printMessage([
        `stopped following; the run continues: ${workflowId}`,
        ...howToLook(workflowId),
      ]);
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

/** @throws Problem unless the run exists and is one of ours */
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
    `there is no run ${workflowId} to follow`,
    type === undefined
      ? 'the namespace has no workflow with this id'
      : `the workflow is not of type ${WORKFLOW_TYPE}`,
    'Find its id with `login-etl runs` or `login-etl status`.',
  );
}

const howToLook = (workflowId: string): string[] => [
  `  follow it again:   login-etl run --follow ${workflowId}`,
  `  look at it:        login-etl runs show ${workflowId}`,
];

function lostSight(workflowId: string, error: unknown): Problem {
  const name = error instanceof Error ? error.name : typeof error;
  return new Problem(
    'the run can no longer be followed',
    `Temporal stopped answering (${name}); the run itself continues`,
    ['Check TEMPORAL_ADDRESS.', ...howToLook(workflowId)].join('\n'),
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
      printMessage('nothing was received: the queue is empty, or its messages are in flight');
  } else {
    printMessage(
      `${styled('red', `the run ${outcome.status === 'failed' ? 'failed' : `was ${outcome.status}`}:`, process.stderr)} ${outcome.reason}`,
    );
  }
}

function countsTable(counts: Counts): string[] {
  const names = Object.keys(counts) as (keyof Counts)[];
  return renderTable(countColumns(names), [names.map((name) => counts[name])], terminalWidth());
}
