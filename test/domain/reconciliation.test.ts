import { expect, test } from 'vitest';
import { type LedgerRun, reconcile } from '../../src/domain/reconciliation.ts';

const COUNTS = {
  received: 10,
  inserted: 6,
  duplicates: 3,
  quarantined: 1,
  acknowledged: 10,
  batches: 2,
};

const NO_COUNTS = {
  received: null,
  inserted: null,
  duplicates: null,
  quarantined: null,
  acknowledged: null,
  batches: null,
};

const run = (changes: Partial<LedgerRun> = {}, counts: Partial<typeof COUNTS> = {}): LedgerRun => ({
  runId: 'r1',
  workflowId: 'w1',
  workerBuild: 'build',
  startedAt: new Date(0),
  finishedAt: new Date(1),
  outcome: 'completed',
  counts: { ...COUNTS, ...counts },
  rowsInUserLogins: 6,
  rowsInQuarantine: 1,
  changedBatches: [],
  lacksRecords: false,
  lostFromQuarantine: 0,
  lostDuplicates: { messages: 0, ids: [] },
  ...changes,
});

const unclosed = (changes: Partial<LedgerRun> = {}): LedgerRun => ({
  ...run({ finishedAt: null, outcome: null, ...changes }),
  counts: NO_COUNTS,
});

const problemsOf = (ledger: LedgerRun) => reconcile([ledger], 0).findings.map((f) => f.problem);

test('runs that add up leave no finding, and their counts a total', () => {
  const ledger = [run(), run({ runId: 'r2', outcome: 'continued' })];
  expect(reconcile(ledger, 0)).toMatchObject({
    total: { received: 20, inserted: 12, duplicates: 6, quarantined: 2, acknowledged: 20 },
    open: 0,
    rowsOfUnclosedRuns: 0,
    findings: [],
  });
});

test.each([
  ['a row too many', run({ rowsInUserLogins: 7 }), /6 row\(s\) in user_logins, which has 7/],
  ['a count that was changed', run({}, { received: 11 }), /received 11, but .* make 10/],
  ['more acknowledged than stored', run({}, { acknowledged: 11 }), /acknowledged 11 .* 10 are in/],
  ['a run of rows only', run({ workflowId: null }), /does not know the run, of which there are 6/],
])('%s is found', (_, ledger, problem) => {
  expect(problemsOf(ledger)).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ['row', { rowsInUserLogins: 5 }, /6 row\(s\) in user_logins, which has 5/],
  ['quarantined message', { rowsInQuarantine: 0 }, /1 row\(s\) in quarantine, which has 0/],
  [
    'duplicate',
    { lostDuplicates: { messages: 1, ids: ['m1'] } },
    /from both tables: 1 of its duplicates \(m1\)$/,
  ],
])('a %s that is gone is found, and that its message was acknowledged', (_, changes, problem) => {
  const problems = problemsOf(run(changes));
  expect(problems).toHaveLength(2);
  expect(problems).toContainEqual(expect.stringMatching(problem));
  expect(problems).toContain('acknowledged 10 messages, of which 9 are in the tables');
});

test.each([
  [
    { number: 3, stored: 5, found: 2 },
    'missing from user_logins: 3 of the 5 row(s) that batch 3 stored',
  ],
  [
    { number: 3, stored: 5, found: 6 },
    'in user_logins, beside the 5 row(s) that batch 3 stored: 1 more of it',
  ],
  [
    { number: 3, stored: 5, found: 5 },
    'in user_logins, in place of some of the 5 row(s) that batch 3 stored: other messages',
  ],
])(
  'a batch whose rows were changed is named, whether or not its run is closed',
  (batch, problem) => {
    for (const ledger of [run(), unclosed()]) {
      expect(problemsOf({ ...ledger, changedBatches: [batch] })).toEqual([problem]);
    }
  },
);

test('more rows than a batch stored are no finding in a run that builds without such records have begun', () => {
  const changedBatches = [
    { number: 3, stored: 5, found: 6 },
    { number: 4, stored: 5, found: 4 },
  ];
  expect(problemsOf(run({ changedBatches, lacksRecords: true }))).toEqual([
    'missing from user_logins: 1 of the 5 row(s) that batch 4 stored',
  ]);
});

test('of many batches that were changed, a few are named and the others counted', () => {
  const changedBatches = Array.from({ length: 14 }, (_, index) => ({
    ...{ number: index + 1, stored: 5, found: 0 },
  }));
  const problems = problemsOf(run({ changedBatches }));
  expect(problems).toHaveLength(11);
  expect(problems.at(-1)).toBe('and 4 more of its batches have lost or changed rows');
});

test('messages in both tables are found, of whatever run', () => {
  const { findings } = reconcile([run()], 2);
  expect(findings).toEqual([
    { runId: null, workflowId: null, problem: '2 message(s) are in user_logins and in quarantine' },
  ]);
});

test('what a failed run took and did not store is open', () => {
  const failed = run({ outcome: 'failed' }, { received: 14 });
  expect(reconcile([failed], 0)).toMatchObject({ open: 4, findings: [] });
});

test('a failed run may have committed more than it heard of, never less', () => {
  const more = run({ outcome: 'failed', rowsInUserLogins: 9 }, { received: 14 });
  expect(reconcile([more], 0)).toMatchObject({ open: 1, findings: [] });
  const less = run({ outcome: 'failed', rowsInUserLogins: 5 }, { received: 14, acknowledged: 9 });
  expect(problemsOf(less)).toEqual([expect.stringMatching(/which has 5/)]);
});

test('a run that has not closed has no counts to check; its rows are told apart', () => {
  for (const fate of [
    'running',
    'terminated',
    'timed out',
    'failed unrecorded',
    'unknown',
  ] as const) {
    const result = reconcile([unclosed(), run({ runId: 'r2' })], 0, new Map([['r1', fate]]));
    expect(result).toMatchObject({
      runs: [{ state: fate }, { state: 'completed' }],
      total: { received: 10 },
      rowsOfUnclosedRuns: 7,
      findings: [],
    });
  }
});

test('a run that has come to its end, and that the ledger has open, is found', () => {
  const { findings } = reconcile([unclosed()], 0, new Map([['r1', 'closed']]));
  expect(findings).toEqual([
    { runId: 'r1', workflowId: 'w1', problem: expect.stringMatching(/open.* come to its end/) },
  ]);
});
