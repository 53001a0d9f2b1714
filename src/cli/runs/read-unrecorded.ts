import type { Pool } from 'pg';
import { Problem } from '../../errors/problem.ts';
import { recordedRuns } from '../../postgres/runs/read-runs.ts';
import { type UnrecordedRun, unrecordedRuns } from '../../temporal/runs/unrecorded-runs.ts';
import { tryReadSettings } from '../connect/read-settings.ts';
import { withTemporal } from '../connect/with-temporal.ts';

const ASK_TIMEOUT_MS = 5_000;

/** What Temporal adds to the ledger, or why it cannot be asked. */
type Unrecorded = { runs: UnrecordedRun[]; missingBecause?: string };

/** Reads the runs that have no row in the ledger. Without payload keys, only their reasons cannot be read. */
export async function readUnrecorded(
  pool: Pool,
  range: { since: Date; limit: number },
): Promise<Unrecorded> {
  const settings = tryReadSettings(['temporal'])?.temporal;
  if (!settings) return { runs: [], missingBecause: 'it is not configured' };
  const keys = tryReadSettings(['payloads'])?.payloads.keys;
  try {
    const runs = await withTemporal(settings, keys, (client) =>
      client.withDeadline(Date.now() + ASK_TIMEOUT_MS, () =>
        unrecordedRuns(client, range, (ids) => recordedRuns(pool, ids)),
      ),
    );
    return { runs };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { runs: [], missingBecause: error.why };
  }
}
