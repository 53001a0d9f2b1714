import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SHUTTING_DOWN } from '../domain/names.ts';
import { errorLabel } from './error-label.ts';
import { meter } from './meter.ts';

export type StepMetrics = ReturnType<typeof createStepMetrics>;

/** Durations and failures of steps. A step is an activity type. */
export function createStepMetrics(steps: readonly string[]) {
  const duration = meter().createHistogram(
    'login_etl_step_duration',
    'float',
    'seconds',
    'Time that a step took, by its outcome',
  );
  const failures = meter().createCounter(
    'login_etl_step_failures',
    undefined,
    'Attempts of a step that failed, by the class of the error',
  );
  for (const step of steps) failures.add(0, { step, error: 'other' });
  return {
    completed(step: string, seconds: number): void {
      duration.record(seconds, { step, outcome: 'completed' });
    },
    failed(step: string, seconds: number, error: unknown): void {
      if (isStopping(error)) return;
      duration.record(seconds, { step, outcome: 'failed' });
      failures.add(1, { step, error: errorLabel(error) });
    },
  };
}

/** The worker shuts down or the run was cancelled: the step did not fail. */
const isStopping = (error: unknown): boolean =>
  error instanceof CancelledFailure ||
  (error instanceof ApplicationFailure && error.type === SHUTTING_DOWN);
