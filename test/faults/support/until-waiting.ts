import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { runView } from '../../../src/temporal/runs/run-state.ts';
import type { SqsProxy } from '../../support/servers/sqs-proxy.ts';
import type { IngestHandle, Stack } from '../../support/start-stack.ts';
import { until } from './until.ts';

/** Waits until a step of the run is retried with this message. */
export async function untilRetried(stack: Stack, run: IngestHandle, reason: RegExp): Promise<void> {
  let last = 'none is tried again';
  try {
    await until('a step is tried again', async () => {
      const view = await runView(stack.client, run.workflowId);
      if (view.state === 'retrying') last = view.reason;
      return reason.test(last);
    });
  } catch {
    expect(last).toMatch(reason);
  }
}

const NEED_POSTGRES = new Set(['insertBatch', 'acknowledgeBatch']);

/** Waits until each lane is in a step that needs Postgres, and receives no more. */
export function untilAllLanesWait(run: IngestHandle, lanes: number): Promise<void> {
  return until('each lane waits to insert or to acknowledge', async () => {
    const { raw } = await run.describe();
    const steps = (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name);
    return steps.length === lanes && steps.every((step) => NEED_POSTGRES.has(step ?? ''));
  });
}

/** Checks for this time that no lane receives messages. */
export async function expectNothingReceived(sqs: SqsProxy, forMs: number): Promise<void> {
  sqs.forget();
  await sleep(forMs);
  expect(sqs.calls.filter(({ action }) => action === 'ReceiveMessage')).toEqual([]);
}
