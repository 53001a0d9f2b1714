import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';

type Described = WorkflowExecutionDescription['raw'];
type Failure = temporal.api.failure.v1.IFailure | null | undefined;

/** A step that has failed and is tried again. */
export type FailingStep = { step: string; attempt: number; reason: string; nextAttemptAt?: Date };

export async function failingSteps(client: Client, raw: Described): Promise<FailingStep[]> {
  const failing = (raw.pendingActivities ?? []).filter(({ lastFailure }) => lastFailure);
  return Promise.all(
    failing.map(async ({ activityType, attempt, lastFailure, scheduledTime }) => ({
      step: activityType?.name ?? 'a step',
      attempt: attempt ?? 1,
      reason: await reasonOf(client, lastFailure),
      ...(scheduledTime && { nextAttemptAt: new Date(Number(scheduledTime.seconds) * 1_000) }),
    })),
  );
}

/** What the SDK puts in place of a message that was encoded. */
const ENCODED = 'Encoded failure';
export const UNREADABLE = 'PAYLOAD_KEYS, as they are here, cannot read why';

async function reasonOf(client: Client, failure: Failure): Promise<string> {
  try {
    return failureReason(
      await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure),
    );
  } catch {
    // Nothing but decoding is tried here: the key is another one, or there is none.
    return UNREADABLE;
  }
}

/** Why something failed, in words of ours: the messages of other errors may hold values and are left out. */
export function failureReason(error: Error | undefined): string {
  let cause: unknown = error;
  let reason = error?.name ?? 'unknown';
  while (cause instanceof Error) {
    if (cause instanceof ApplicationFailure) reason = cause.message;
    else if (cause instanceof TimeoutFailure)
      reason = `no sign of life in time (${cause.timeoutType})`;
    cause = cause.cause;
  }
  return reason === ENCODED ? UNREADABLE : reason;
}
