import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SHUTTING_DOWN } from '../domain/names.ts';
import { errorLabel } from './error-label.ts';
import { meter } from './meter.ts';

export type StepMetrics = ReturnType<typeof createStepMetrics>;

/** How long each step takes, and how often it fails and why. A step is an activity, by its type. */
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

/** A worker that shuts down, or a run that is cancelled: nothing is wrong with the step. */
const isStopping = (error: unknown): boolean =>
  error instanceof CancelledFailure ||
  (error instanceof ApplicationFailure && error.type === SHUTTING_DOWN);
