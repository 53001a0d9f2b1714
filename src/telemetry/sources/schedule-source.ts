import type { ConnectionLike } from '@temporalio/client';
import { readSchedule } from '../../temporal/schedule/read-schedule.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

const TIMEOUT_MS = 5_000;

/** The state of the schedule in Temporal. Its counts are gauges, since they restart at zero with a new schedule. */
export function scheduleSource(connection: ConnectionLike, namespace: string): Source {
  const gauge = (name: string, description: string) =>
    meter().createGauge(`login_etl_schedule_${name}`, 'float', undefined, description);
  const exists = gauge('exists', '1 when the schedule is there');
  const paused = gauge('paused', '1 when the schedule is paused');
  const next = gauge('next_run_timestamp_seconds', 'When the schedule starts its next run');
  const interval = gauge('interval_seconds', 'Time between the next two runs of the schedule');
  const runs = gauge(
    'runs',
    'Runs since the schedule was made: started, skipped since one was running, missed',
  );
  return {
    name: 'schedule',
    async sample() {
      const state = await readSchedule(connection, namespace, TIMEOUT_MS);
      exists.set(state ? 1 : 0);
      paused.set(state?.paused ? 1 : 0);
      if (!state) return;
      if (state.nextRunAtSeconds !== undefined) next.set(state.nextRunAtSeconds);
      if (state.intervalSeconds !== undefined) interval.set(state.intervalSeconds);
      runs.set(state.started, { result: 'started' });
      runs.set(state.skipped, { result: 'skipped' });
      runs.set(state.missed, { result: 'missed' });
    },
  };
}
