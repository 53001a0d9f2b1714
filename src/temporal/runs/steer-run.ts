import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type RunProgress, runProgress } from './query-progress.ts';

/** The signals of `ingestLogins`, which the Web UI and tctl can send, too, and cancellation. */
export type Steering = 'pause' | 'resume' | 'drain' | 'cancel';

/** The state that confirms each request. The end of a run confirms its cancellation. */
const WANTED: Partial<Record<Steering, RunProgress['state']>> = {
  pause: 'paused',
  resume: 'draining',
  drain: 'stopping',
};

const LOOK_EVERY_MS = 250;

/** `unconfirmed`: the run's history has the request, but the run has not confirmed it. */
export type Steered = {
  workflowId: string;
  state: RunProgress['state'] | 'ended' | 'unconfirmed';
  confirmed: boolean;
  counts: RunProgress['counts'] | null;
};

/** Signals or cancels a run, and waits for its confirmation. */
export async function steerRun(
  client: Client,
  workflowId: string,
  steering: Steering,
  withinMs: number,
): Promise<Steered> {
  const handle = client.workflow.getHandle(workflowId);
  if (steering === 'cancel') await handle.cancel();
  else await handle.signal(steering);
  const until = performance.now() + withinMs;
  let last: RunProgress | undefined;
  do {
    // The end of a run confirms any request but a pause.
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') {
      const confirmed = steering !== 'pause';
      return { workflowId, state: 'ended', confirmed, counts: last?.counts ?? null };
    }
    last = await runProgress(client, workflowId);
    if (last !== undefined && last.state === WANTED[steering]) {
      return { workflowId, state: last.state, confirmed: true, counts: last.counts };
    }
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < until);
  return { workflowId, state: 'unconfirmed', confirmed: false, counts: last?.counts ?? null };
}

/** Reports whether a run with this id is open. */
export async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
