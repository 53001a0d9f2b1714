import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Logger } from 'pino';
import { batchNumber, type StepReaders } from './read-steps.ts';
import type { StepMetrics } from './step-metrics.ts';

type AnyReader = (result: unknown, ...args: unknown[]) => void;

/** Measures every activity, so that the activities need no metrics code, and adds ids to their log lines. */
export function stepInterceptor(
  metrics: StepMetrics,
  readers: StepReaders,
  logger: Logger,
): (context: Context) => ActivityInterceptors {
  return ({ info }) => {
    const { activityType: step, activityId, attempt, workflowExecution } = info;
    const { workflowId, runId } = workflowExecution ?? {};
    let batch: number | undefined;
    // Fewer ids than the SDK adds by default.
    const ids = () => ({ workflowId, runId, ...(batch && { batch }), step, activityId, attempt });
    const inbound: ActivityInterceptors['inbound'] = {
      execute: async (input, next) => {
        batch = batchNumber(step, input.args);
        const begun = performance.now();
        const seconds = () => (performance.now() - begun) / 1_000;
        let result: unknown;
        try {
          result = await next(input);
        } catch (error) {
          metrics.failed(step, seconds(), error);
          throw error;
        }
        metrics.completed(step, seconds());
        try {
          (readers[step as keyof StepReaders] as AnyReader | undefined)?.(result, ...input.args);
        } catch {
          // The step is done: an error in counting must not make it fail and run again.
          logger.error(ids(), 'a step could not be counted');
        }
        return result;
      },
    };
    return { inbound, outbound: { getLogAttributes: (_input, next) => next(ids()) } };
  };
}
