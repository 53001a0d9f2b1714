import type { Pool } from 'pg';
import { SUM_KINDS, sumUp } from '../../postgres/reads/sum-up.ts';
import { repeatUntilStopped } from '../repeat-until-stopped.ts';

const EVERY_MS = 1_000;

/** Keeps the sums up to date. All processes of the service try, and one of them does it. */
export function keepSums(
  pool: Pool,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  const sumUpAll = async (stopping: AbortSignal) => {
    for (const kind of SUM_KINDS) if (!stopping.aborted) await sumUp(pool, kind);
  };
  return repeatUntilStopped(EVERY_MS, sumUpAll, onFailure);
}
