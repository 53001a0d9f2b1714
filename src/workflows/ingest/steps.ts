import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { ACKNOWLEDGE, INSERT, MASK, RECEIVE } from '../activity-options.ts';

/** The four activities, each with a summary for the Web UI that contains only counts. */
export const steps = {
  receive: (lane: number, ...args: Parameters<Activities['receiveBatch']>) =>
    proxyActivities<Activities>({
      ...RECEIVE,
      summary: clearSummary(`lane ${lane}: receive up to ${args[0].maxMessages} messages`),
    }).receiveBatch(...args),

  mask: (lane: number, ...args: Parameters<Activities['maskBatch']>) =>
    proxyActivities<Activities>({
      ...MASK,
      summary: clearSummary(`lane ${lane}: mask ${args[0].count} messages`),
    }).maskBatch(...args),

  insert: (
    lane: number,
    { rows, quarantined }: { rows: number; quarantined: number },
    ...args: Parameters<Activities['insertBatch']>
  ) =>
    proxyActivities<Activities>({
      ...INSERT,
      summary: clearSummary(`lane ${lane}: insert ${rows} rows, quarantine ${quarantined}`),
    }).insertBatch(...args),

  acknowledge: (lane: number, ...args: Parameters<Activities['acknowledgeBatch']>) =>
    proxyActivities<Activities>({
      ...ACKNOWLEDGE,
      summary: clearSummary(`lane ${lane}: acknowledge ${args[0].count} messages`),
    }).acknowledgeBatch(...args),
};
