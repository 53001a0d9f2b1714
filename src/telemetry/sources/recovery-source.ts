import type { ConnectionLike } from '@temporalio/client';
import type { Pool } from 'pg';
import { readMissingKeys } from '../../postgres/workers/payload-key-uses.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

type Settings = { namespace: string; recoveryWindowDays: number };

/** Whether a recovery after a restore would find the histories, and the keys that open them. */
export function recoverySource(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  pool: Pool,
  { namespace, recoveryWindowDays }: Settings,
): Source {
  const gauge = (name: string, description: string) =>
    meter().createGauge(`login_etl_${name}`, 'float', undefined, description);
  const retention = gauge('history_retention_seconds', 'How long Temporal keeps a closed history');
  const window = gauge('recovery_window_seconds', 'RECOVERY_WINDOW_DAYS');
  const missing = gauge(
    'payload_keys_missing',
    'Payload keys that histories of the recovery window need and no live worker holds',
  );
  return {
    name: 'recovery',
    async sample() {
      const { config } = await workflowService.describeNamespace({ namespace });
      retention.set(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0));
      window.set(recoveryWindowDays * 86_400);
      missing.set((await readMissingKeys(pool, recoveryWindowDays)).length);
    },
  };
}
