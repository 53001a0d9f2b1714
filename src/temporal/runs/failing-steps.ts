import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';

type Described = WorkflowExecutionDescription['raw'];
type Failure = temporal.api.failure.v1.IFailure | null | undefined;

/** A step that failed and is being retried. */
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

/** The SDK's replacement for an encoded message. */
const ENCODED = 'Encoded failure';
export const UNREADABLE = 'PAYLOAD_KEYS, as they are here, cannot read why';

async function reasonOf(client: Client, failure: Failure): Promise<string> {
  try {
    return failureReason(
      await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure),
    );
  } catch {
    // Only decoding can fail here: the key is missing or differs.
    return UNREADABLE;
  }
}

/** Returns the reason of a failure in our own words: messages of other errors may contain values. */
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
