import type { IngestHandle } from '../../support/start-stack.ts';

/** Counts the results of each activity in the history of a run. */
export async function recordedSteps(run: IngestHandle): Promise<Record<string, number>> {
  const { events } = await run.fetchHistory();
  const names = new Map<string, string>();
  const recorded: Record<string, number> = {};
  for (const event of events ?? []) {
    const { activityTaskScheduledEventAttributes: scheduled } = event;
    const { activityTaskCompletedEventAttributes: completed } = event;
    if (scheduled) names.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const name = completed && names.get(String(completed.scheduledEventId));
    if (name) recorded[name] = (recorded[name] ?? 0) + 1;
  }
  return recorded;
}

/** The activities of a run that were retried, with the error of the first attempt. */
export async function repeatedSteps(run: IngestHandle): Promise<string[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) => {
    const failure = started?.lastFailure;
    if (!failure) return [];
    return [failure.applicationFailureInfo?.type ?? failure.message ?? 'unknown'];
  });
}
