import { expect, test } from 'vitest';
import { parentIdOf, sumCounts, withChildren } from '../../src/domain/child-runs.ts';
import { zeroCounts } from '../../src/domain/counts.ts';

const run = (workflowId: string, startedAt: number, finishedAt: number | null = null) => ({
  workflowId,
  startedAt: new Date(startedAt),
  finishedAt: finishedAt === null ? null : new Date(finishedAt),
});

const nested = (runs: ReturnType<typeof run>[]) =>
  withChildren(runs).map((each) => [
    each.run.workflowId,
    each.run.startedAt.getTime(),
    each.children.map(({ startedAt }) => startedAt.getTime()),
  ]);

test('a child is known by its id', () => {
  expect(['a/shard-1', 'a/rest', 'a', 'a/b', 'a/shard-x', 'a/shard-1/b'].map(parentIdOf)).toEqual([
    ...['a', 'a', undefined, undefined, undefined, undefined],
  ]);
});

test("a child is under the run that had begun, also where a cron's runs share an id", () => {
  expect(
    nested([
      run('a/shard-1', 7),
      run('a', 6, 9),
      run('a/rest', 5),
      run('a', 1, 4),
      run('a/shard-1', 2),
    ]),
  ).toEqual([
    ['a', 6, [7]],
    ['a', 1, [5, 2]],
  ]);
});

test('shards are in the order of their numbers, and the runs of one in the order of time', () => {
  const shards = [
    run('a/shard-2', 9),
    run('a/shard-10', 2),
    run('a/shard-1', 5),
    run('a/shard-2', 3),
  ];
  expect(nested([...shards, run('a', 1)])).toEqual([['a', 1, [5, 3, 9, 2]]]);
});

test('a child whose parent is not there, or had ended, stands for itself', () => {
  expect(nested([run('b/shard-1', 7), run('a/shard-1', 6), run('a', 1, 2)])).toEqual([
    ['b/shard-1', 7, []],
    ['a/shard-1', 6, []],
    ['a', 1, []],
  ]);
});

test('counts that are not known count as zero', () => {
  expect(sumCounts([null, { received: 2 }, { ...zeroCounts(), received: 1 }]).received).toBe(3);
});
