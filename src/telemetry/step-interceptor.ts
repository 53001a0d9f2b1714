import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { StepReaders } from './read-steps.ts';
import type { StepMetrics } from './step-metrics.ts';

type AnyReader = (result: unknown, ...args: unknown[]) => void;

/** Measures every activity from outside, so that none of them has to know of metrics. */
export function stepInterceptor(
  metrics: StepMetrics,
  readers: StepReaders,
  logger: Logger,
): (context: Context) => ActivityInterceptors {
  return ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const step = info.activityType;
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
          // The step is done: what can't be counted must not make it fail, and be done again.
          logger.error({ step }, 'a step could not be counted');
        }
        return result;
      },
    },
  });
}
