import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { originOf, refusalReason } from '../domain/payload-origin.ts';

/** What the workflow's interceptor adds to each request. */
type Request = { activity?: string; run?: string };

/**
 * Lets an activity begin only with the one argument that our own workflow code sealed, for this activity of this
 * workflow. Anyone in the namespace may schedule activities here, with payloads that they copied. The result repeats the
 * run that the argument names, so that it cannot be answered to another run of the same workflow id.
 * @param unboundUntilMs what a build before 0.4 sealed is accepted if it was scheduled before
 */
export const acceptArguments = (unboundUntilMs: number): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    const { activityType, scheduledTimestampMs } = Context.current().info;
    const [request, ...others] = input.args as [Request | undefined, ...unknown[]];
    const origin = originOf(request);
    if (origin === 'refused') throw refused(activityType, refusalReason(request));
    if (origin === 'result') throw refused(activityType, 'it was sealed as a result');
    if (origin === 'unbound') {
      if (scheduledTimestampMs >= unboundUntilMs) {
        throw refused(activityType, 'it was sealed by an earlier build');
      }
    } else if (request?.activity !== activityType || others.length > 0) {
      throw refused(activityType, 'it was sealed for another activity');
    }
    const { activity: _named, run, ...given } = request ?? {};
    const result = await next({ ...input, args: [given] });
    return run !== undefined && typeof result === 'object' && result !== null
      ? { ...result, run }
      : result;
  },
});

const refused = (activityType: string, why: string) =>
  ApplicationFailure.nonRetryable(
    `${activityType}: the argument is refused: ${why}`,
    'PayloadRefused',
  );
