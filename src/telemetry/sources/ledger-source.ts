import type { Pool } from 'pg';
import { type Counts, zeroCounts } from '../../domain/counts.ts';
import { readRunSummary } from '../../postgres/runs/read-run-summary.ts';
import { gauge } from '../meter.ts';
import type { Source } from './sampler.ts';

const OUTCOMES = ['completed', 'continued', 'failed', 'cancelled', 'open'] as const;
const RESULTS = Object.keys(zeroCounts()) as (keyof Counts)[];

export function ledgerSource(pool: Pool): Source {
  const success = gauge(
    'last_successful_run_timestamp_seconds',
    'When a run last completed or continued as new',
  );
  const duration = gauge('last_run_duration_seconds', 'How long the latest run took');
  const lastCounts = gauge('last_run_messages', 'What the latest run did, by result');
  const runs = gauge('ledger_runs', 'Runs of the last 24 hours in the ledger, by outcome');
  const messages = gauge('ledger_messages', 'What the runs of the last 24 hours did, by result');
  return {
    name: 'ledger',
    async sample() {
      const { lastSuccessAtSeconds, lastRun, lastDay } = await readRunSummary(pool);
      if (lastSuccessAtSeconds !== undefined) success.set(lastSuccessAtSeconds);
      if (lastRun) {
        duration.set(lastRun.durationSeconds);
        for (const result of RESULTS) lastCounts.set(lastRun.counts[result], { result });
      }
      for (const outcome of OUTCOMES) {
        runs.set(lastDay.find((day) => day.outcome === outcome)?.runs ?? 0, { outcome });
      }
      for (const result of RESULTS) {
        messages.set(
          lastDay.reduce((sum, { counts }) => sum + counts[result], 0),
          { result },
        );
      }
    },
  };
}
