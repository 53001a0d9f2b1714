import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type RunProgress, runProgress } from './query-progress.ts';

/** Signals of the workflow `ingestLogins`, so that the Web UI and tctl can send them as well. */
export type Steering = 'pause' | 'resume' | 'drain';

const WANTED = { pause: 'paused', resume: 'draining', drain: 'stopping' } as const;

const LOOK_EVERY_MS = 250;

/** `unconfirmed`: the signal is in the run's history, and nobody has said yet that it is followed. */
export type Steered = {
  workflowId: string;
  state: RunProgress['state'] | 'ended' | 'unconfirmed';
  confirmed: boolean;
  counts: RunProgress['counts'] | null;
};

/** Tells a run, and waits so long until it says that it does as told. */
export async function steerRun(
  client: Client,
  workflowId: string,
  steering: Steering,
  withinMs: number,
): Promise<Steered> {
  const handle = client.workflow.getHandle(workflowId);
  await handle.signal(steering);
  const until = performance.now() + withinMs;
  let last: RunProgress | undefined;
  do {
    // A run that ends meanwhile has nothing left to be told.
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') {
      const confirmed = steering !== 'pause';
      return { workflowId, state: 'ended', confirmed, counts: last?.counts ?? null };
    }
    last = await runProgress(client, workflowId);
    if (last?.state === WANTED[steering]) {
      return { workflowId, state: last.state, confirmed: true, counts: last.counts };
    }
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < until);
  return { workflowId, state: 'unconfirmed', confirmed: false, counts: last?.counts ?? null };
}

/** Whether there is such a run, and it goes on. */
export async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
