import { parentIdOf } from '../../domain/child-runs.ts';
import { matchRuns } from '../../postgres/runs/read-runs.ts';
import { closedRuns, openRuns } from '../../temporal/runs/list-runs.ts';
import { ask, type Unreachable } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { UsageProblem } from '../options/usage-problem.ts';
import { temporal } from '../status/temporal-parts.ts';

/** With what was found out about Temporal where it does not answer, which takes seconds. */
type RunId = { id: string; away?: Unreachable };

const MAX_MATCHES = 100;
const SHOWN_MATCHES = 5;

/**
 * The id that a person means: `latest`, or the beginning of one workflow id or run id of the ledger.
 * @returns the text itself where nothing begins with it, or the ledger cannot be asked
 * @throws UsageProblem when several runs begin with it
 */
export async function fullRunId(sources: Sources, text: string): Promise<RunId> {
  if (text === 'latest') return latestRun(sources);
  const runs = await matches(sources, text, MAX_MATCHES);
  if (runs.some(({ runId, workflowId }) => runId === text || workflowId === text))
    return { id: text };
  const ids = new Set(
    runs.map(({ runId, workflowId }) =>
      workflowId.startsWith(text) ? ownOrParentId(workflowId, text) : runId,
    ),
  );
  if (ids.size > 1) throw ambiguous(text, [...ids]);
  return { id: [...ids][0] ?? text };
}

/** Not the shards of a run, which alone are in the ledger while it is open. */
function ownOrParentId(workflowId: string, text: string): string {
  const parentId = parentIdOf(workflowId);
  return parentId?.startsWith(text) ? parentId : workflowId;
}

/** Temporal also knows runs that stored nothing; the ledger outlives Temporal's histories. */
async function latestRun(sources: Sources): Promise<RunId> {
  const recorded = matches(sources, '', 1);
  const asked = await ask(temporal(sources), () =>
    sources.temporal(async (client) => ({
      runs: [...(await openRuns(client, 1)), ...(await closedRuns(client, 1))],
    })),
  );
  const runs = asked.reachable ? asked.runs : [];
  const [newest] = runs.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
  const id = newest?.workflowId ?? (await recorded)[0]?.workflowId ?? 'latest';
  return { id, ...(!asked.reachable && { away: asked }) };
}

const matches = async (sources: Sources, prefix: string, limit: number) => {
  try {
    return await matchRuns(await sources.pool(), prefix, limit);
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
