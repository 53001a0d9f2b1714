import type { Pool } from 'pg';
import { SUM_KINDS, sumUp } from '../../postgres/reads/sum-up.ts';

const EVERY_MS = 1_000;

/** Keeps the sums up to date. All processes of the service try, and one of them does it. */
export function keepSums(
  pool: Pool,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let summing = Promise.resolve();
  async function sumUpAll(): Promise<void> {
    for (const kind of SUM_KINDS) if (!stopped) await sumUp(pool, kind);
  }
  const again = () => {
    summing = sumUpAll()
      .catch(onFailure)
      .finally(() => {
        if (!stopped) timer = setTimeout(again, EVERY_MS);
      });
  };
  again();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await summing;
    },
  };
}
