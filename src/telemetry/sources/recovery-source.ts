import type { ConnectionLike } from '@temporalio/client';
import type { Pool } from 'pg';
import { readMissingKeys } from '../../postgres/workers/payload-key-uses.ts';
import { historyRetentionSeconds } from '../../temporal/history-retention.ts';
import { gauge } from '../meter.ts';
import type { Source } from './sampler.ts';

type Settings = { namespace: string; recoveryWindowDays: number };

/** Whether a recovery after a restore would find the histories, and the keys that open them. */
export function recoverySource(
  connection: Pick<ConnectionLike, 'workflowService'>,
  pool: Pool,
  { namespace, recoveryWindowDays }: Settings,
): Source {
  const retention = gauge('history_retention_seconds', 'How long Temporal keeps a closed history');
  const window = gauge('recovery_window_seconds', 'RECOVERY_WINDOW_DAYS');
  const missing = gauge(
    'payload_keys_missing',
    'Payload keys that histories of the recovery window need and no live worker holds',
  );
  return {
    name: 'recovery',
    async sample() {
      retention.set(await historyRetentionSeconds(connection, namespace));
      window.set(recoveryWindowDays * 86_400);
      missing.set((await readMissingKeys(pool, recoveryWindowDays)).length);
    },
  };
}
