import type { IngestHandle } from '../../support/start-stack.ts';

/** How many results of each activity the history of a run holds. */
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

/** The activities of a run that had to be tried again, with what was wrong the first time. */
export async function repeatedSteps(run: IngestHandle): Promise<string[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) => {
    const failure = started?.lastFailure;
    if (!failure) return [];
    return [failure.applicationFailureInfo?.type ?? failure.message ?? 'unknown'];
  });
}
