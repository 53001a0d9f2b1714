import { describe, expect, test } from 'vitest';
import { describeStatus } from '../../../src/cli/custody/rotation-status.ts';
import { assessStatus } from '../../../src/cli/status/assess-status.ts';
import type { Status } from '../../../src/cli/status/read-status.ts';
import { showStatus } from '../../../src/cli/status/show-status.ts';
import type { OpenRun } from '../../../src/temporal/runs/look-at-run.ts';

const AT = new Date('2026-11-22T03:00:00Z');
const minutesAgo = (minutes: number) => new Date(AT.getTime() - minutes * 60_000);

const HEALTHY: Status = {
  at: AT,
  queue: {
    reachable: true,
    name: 'login-queue',
    visible: 5,
    inFlight: 0,
    delayed: 0,
    visibilityTimeoutSeconds: 60,
    retentionSeconds: 345_600,
    oldestSeenSeconds: 30,
  },
  schedule: {
    reachable: true,
    scheduleId: 'ingest-logins',
    exists: true,
    paused: false,
    note: '',
    next: minutesAgo(-1),
    last: minutesAgo(0),
    intervalSeconds: 60,
    changedAt: minutesAgo(600),
    skipped: 0,
    missed: 0,
  },
  workers: {
    ...{ reachable: true, workers: ['1@host'], keyDifferences: [] },
    maskKeys: { '1@host': '2026-11' },
  },
  running: { reachable: true, runs: [], waiting: null },
  latest: { reachable: true, run: null, unrecorded: [] },
  ledger: {
    reachable: true,
    runs: [],
    emptyRuns: 0,
    sinceHours: 24,
    lastSuccessAt: minutesAgo(1),
  },
  rows: { reachable: true, today: 0 },
  quarantine: { reachable: true, messages: 0, reasons: [] },
  maskKeys: { reachable: true, days: 31, keys: [] },
  tables: {
    reachable: true,
    ...{ months: [], missing: [], detached: [], defaultRows: 0, backups: [] },
    ...{ maintainedAt: null, retention: null },
  },
  keys: { masking: null, payloads: null, vault: null },
};

const RUN: OpenRun = {
  workflowId: 'ingest-logins-1',
  runId: '1',
  startedAt: minutesAgo(1),
  beginsAt: null,
  state: 'draining',
  counts: null,
  chosen: null,
  failing: [],
  missingKey: null,
};

/** The healthy state but for one part. */
const problems = (changes: { [Name in keyof Status]?: Partial<Status[Name]> }): string[] =>
  assessStatus({
    ...HEALTHY,
    ...Object.fromEntries(
      Object.entries(changes).map(([name, part]) => [
        name,
        Object.assign({}, HEALTHY[name as keyof Status], part),
      ]),
    ),
  }).map(({ problem }) => problem);

describe('healthy is', () => {
  test('a status without any problem', () => expect(problems({})).toEqual([]));

  test('an open run after failed ones', () => {
    expect(problems({ running: { runs: [RUN] }, ledger: { lastSuccessAt: null } })).toEqual([]);
  });

  test('a cron in place of a schedule', () => {
    const runs = [{ ...RUN, state: 'waiting' as const, beginsAt: minutesAgo(-3) }];
    expect(problems({ schedule: { exists: false }, running: { runs } })).toEqual([]);
  });

  test('a step that failed once', () => {
    const failing = [{ step: 'insertBatch', attempt: 2, reason: 'a conflict' }];
    expect(problems({ running: { runs: [{ ...RUN, failing }] } })).toEqual([]);
  });

  test('a schedule that was made a minute ago and has not succeeded yet', () => {
    const lastSuccessAt = null;
    expect(problems({ schedule: { changedAt: minutesAgo(1) }, ledger: { lastSuccessAt } })).toEqual(
      [],
    );
  });
});

describe('not healthy is', () => {
  test.each<[string, Parameters<typeof problems>[0], RegExp]>([
    [
      'workers with different keys',
      { workers: { keyDifferences: ['workers mask with different keys: a (1@h), b (2@h)'] } },
      /^workers mask with different keys: a \(1@h\), b \(2@h\)$/,
    ],
    ['no worker', { workers: { workers: [] } }, /^no worker is running$/],
    ['a paused schedule', { schedule: { paused: true, note: 'why' } }, /is paused \(why\)$/],
    ['nothing that starts runs', { schedule: { exists: false } }, /^there is no schedule/],
    [
      'a step that fails again and again',
      {
        running: {
          runs: [{ ...RUN, failing: [{ step: 'insertBatch', attempt: 3, reason: 'the disk' }] }],
        },
      },
      /^insertBatch of ingest-logins-1 fails \(attempt 3\): the disk$/,
    ],
    [
      'new runs that go to no worker',
      {
        running: {
          waiting: 'no version is current, and all workers have one (a:1): new runs wait',
        },
      },
      /^no version is current/,
    ],
    ['a stuck run', { running: { runs: [{ ...RUN, state: 'stuck' }] } }, /worker fails to execute/],
    ['a paused run', { running: { runs: [{ ...RUN, state: 'paused' }] } }, /-1 is paused$/],
    [
      'a latest run that failed',
      {
        latest: {
          run: { workflowId: 'w', runId: '1', status: 'failed', closedAt: AT, reason: 'the role' },
        },
      },
      /^the latest run, w, failed: the role$/,
    ],
    [
      'no success for more than three intervals',
      { ledger: { lastSuccessAt: minutesAgo(5) } },
      /^no run has succeeded for 5 min$/,
    ],
    [
      'messages near the end of their retention',
      { queue: { oldestSeenSeconds: 300_000 } },
      /old, and SQS deletes them after 4 days$/,
    ],
  ])('%s', (_, changes, problem) => {
    expect(problems(changes)).toEqual([expect.stringMatching(problem)]);
  });

  test('an unreachable server, reported once', () => {
    const away = { reachable: false as const, reason: 'it is away', whatToDo: 'See to it.' };
    const found = assessStatus({ ...HEALTHY, ledger: away, rows: away, quarantine: away });
    expect(found).toEqual([
      { part: 'ledger', problem: 'Postgres cannot be asked: it is away', whatToDo: 'See to it.' },
    ]);
  });
});

test('adopted rows do not count as rows whose key is lost', () => {
  const use = { rows: 8_550, firstDate: '2026-11-01', lastDate: '2026-11-20', lastAt: AT };
  const keys = [
    { keyId: 'adopted', ...use },
    { keyId: '2026-11', ...use },
  ];
  const shown = showStatus({ ...HEALTHY, maskKeys: { reachable: true, days: 31, keys } }, []);
  expect(shown.filter((line) => line.includes('masking: '))).toEqual([
    expect.stringMatching(/masking: no key, from before login-etl, 8,550 rows in 31 days$/),
    expect.stringMatching(/masking: 2026-11 since 2026-11-01, used by 1 worker\(s\), 8,550 rows/),
  ]);
  expect(
    describeStatus({
      ...{ workflowId: 'remask', status: 'COMPLETED', startedAt: AT, endedAt: AT },
      result: {
        ...{ outcome: 'completed', toKeyId: '2026-12', passes: 2, steps: 9, remasked: 70 },
        ...{ unrecoverable: 3, unreadable: 0, adopted: 8_550, originalsRemoved: 70 },
        dataKeysRemoved: 1,
      },
    }),
  ).toEqual(
    expect.arrayContaining([
      expect.stringContaining('70 re-masked; keeping their old key: 3 unrecoverable'),
      expect.stringContaining('adopted     8550 rows from before login-etl'),
    ]),
  );
});
