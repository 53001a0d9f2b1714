import type { Fate } from '../../domain/reconciliation.ts';
import { Problem } from '../../errors/problem.ts';
import { runFate } from '../../temporal/runs/run-fate.ts';
import { tryReadSettings } from '../connect/read-settings.ts';
import { withTemporal } from '../connect/with-temporal.ts';
import { printMessage } from '../terminal/output.ts';

const ASK_TIMEOUT_MS = 5_000;

/**
 * How runs ended that the ledger has not closed, by run id. When Temporal cannot be asked, a message says so and the
 * runs are left out.
 */
export async function runFates(
  runs: readonly { runId: string; workflowId: string }[],
): Promise<Map<string, Fate>> {
  const fates = new Map<string, Fate>();
  if (runs.length === 0) return fates;
  const settings = tryReadSettings(['temporal'])?.temporal;
  try {
    if (!settings) throw new Problem('Temporal cannot be used', 'it is not configured', '');
    await withTemporal(settings, undefined, async (client) => {
      for (const { runId, workflowId } of runs) {
        const fate = await client.withDeadline(Date.now() + ASK_TIMEOUT_MS, () =>
          runFate(client, workflowId, runId),
        );
        fates.set(runId, fate);
      }
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    printMessage(
      `${runs.length} run(s) have not closed, and Temporal cannot be asked how they ended: ${error.why}`,
    );
  }
  return fates;
}
