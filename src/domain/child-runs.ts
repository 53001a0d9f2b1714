import { addCounts, type Counts, zeroCounts } from './counts.ts';

/** The ids of child workflows, as `shards.ts` and `ingest-logins.ts` give them: the parent's id and a name. */
export const CHILD_NAME = '/(shard-[0-9]+|rest)$';

const CHILD = new RegExp(CHILD_NAME);

/** Undefined for a run that is not a child. */
export const parentIdOf = (workflowId: string): string | undefined =>
  CHILD.test(workflowId) ? workflowId.replace(CHILD, '') : undefined;

type Run = { workflowId: string | null; startedAt: Date | null; finishedAt: Date | null };

export type WithChildren<R extends Run> = { run: R; children: R[] };

/**
 * Puts the shards of a run under it, by their number. A child belongs to the latest run of its parent's id that had
 * begun; one whose parent is not among the runs stands for itself.
 */
export function withChildren<R extends Run>(runs: readonly R[]): WithChildren<R>[] {
  const roots = new Map(runs.map((run) => [run, { run, children: [] as R[] }]));
  const byWorkflowId = Map.groupBy(runs, ({ workflowId }) => workflowId);
  for (const run of runs) {
    const parentId = parentIdOf(run.workflowId ?? '');
    if (parentId === undefined) continue;
    const parents = (byWorkflowId.get(parentId) ?? []).filter(
      (each) => begun(each) <= begun(run) && mayOwn(each, run),
    );
    const [parent] = parents.toSorted((one, other) => begun(other) - begun(one));
    if (!parent) continue;
    roots.get(parent)?.children.push(run);
    roots.delete(run);
  }
  return [...roots.values()].map(({ run, children }) => ({
    run,
    children: children.toSorted(byId),
  }));
}

/** A shard that continued as new has several runs, the first of them first. */
const byId = (one: Run, other: Run): number =>
  (one.workflowId ?? '').localeCompare(other.workflowId ?? '', 'en', { numeric: true }) ||
  begun(one) - begun(other);

/** A cron's run closes its row before the child drains the rest. */
const mayOwn = ({ finishedAt }: Run, child: Run): boolean =>
  finishedAt === null || finishedAt.getTime() >= begun(child) || isRest(child);

const isRest = ({ workflowId }: Run): boolean => workflowId?.endsWith('/rest') ?? false;

const begun = ({ startedAt }: Run): number => startedAt?.getTime() ?? 0;

/** The sum of counts; those that are not known yet count as zero. */
export function sumCounts(counts: readonly (Partial<Counts> | null)[]): Counts {
  const sum = zeroCounts();
  for (const each of counts) addCounts(sum, each ?? {});
  return sum;
}
