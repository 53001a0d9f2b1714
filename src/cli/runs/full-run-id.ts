import { parentIdOf } from '../../domain/child-runs.ts';
import { matchRuns } from '../../postgres/runs/read-runs.ts';
import { closedRuns, openRuns } from '../../temporal/runs/list-runs.ts';
import type { Sources } from '../connect/open-sources.ts';
import { UsageProblem } from '../options/usage-problem.ts';

const MAX_MATCHES = 100;
const SHOWN_MATCHES = 5;

/**
 * The id that a person means: `latest`, or the beginning of one workflow id or run id of the ledger.
 * @returns the text itself where nothing begins with it, or the ledger cannot be asked
 * @throws UsageProblem when several runs begin with it
 */
export async function fullRunId(sources: Sources, text: string): Promise<string> {
  if (text === 'latest') return (await latestRun(sources)) ?? text;
  const runs = await matches(sources, text, MAX_MATCHES);
  if (runs.some(({ runId, workflowId }) => runId === text || workflowId === text)) return text;
  const ids = new Set(
    runs.map(({ runId, workflowId }) =>
      workflowId.startsWith(text) ? ownOrParentId(workflowId, text) : runId,
    ),
  );
  if (ids.size > 1) throw ambiguous(text, [...ids]);
  return [...ids][0] ?? text;
}

/** Not the shards of a run, which alone are in the ledger while it is open. */
function ownOrParentId(workflowId: string, text: string): string {
  const parentId = parentIdOf(workflowId);
  return parentId?.startsWith(text) ? parentId : workflowId;
}

/** Temporal also knows runs that stored nothing; the ledger outlives Temporal's histories. */
async function latestRun(sources: Sources): Promise<string | undefined> {
  const inTemporal = await sources
    .temporal(async (client) => [...(await openRuns(client, 1)), ...(await closedRuns(client, 1))])
    .catch(() => []);
  const [newest] = inTemporal.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
  return newest?.workflowId ?? (await matches(sources, '', 1))[0]?.workflowId;
}

const matches = async (sources: Sources, prefix: string, limit: number) => {
  try {
    return await matchRuns(sources.pool(), prefix, limit);
  } catch {
    return [];
  }
};

function ambiguous(text: string, ids: readonly string[]): UsageProblem {
  const more = ids.length > SHOWN_MATCHES ? ', …' : '';
  return new UsageProblem(
    `several runs begin with ${text}`,
    `${ids.slice(0, SHOWN_MATCHES).join(', ')}${more}`,
    'Give more of the id.',
  );
}
