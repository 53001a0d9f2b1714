import { ADOPTED_ID } from '../../domain/login/masking.ts';
import type { Part } from '../connect/ask-part.ts';
import { describeDuration } from '../options/duration.ts';
import { describeRunning } from '../runs/describe-open-run.ts';
import { describeReasons, mergeUnrecorded, statesOf } from '../runs/merge-unrecorded.ts';
import { runsTable } from '../runs/runs-table.ts';
import { styled } from '../terminal/output.ts';
import type { Trouble } from './assess-status.ts';
import { describeTables } from './describe-tables.ts';
import type { LedgerView, MaskKeysView, QuarantineView } from './postgres-parts.ts';
import type { QueueView } from './queue-part.ts';
import type { Status } from './read-status.ts';
import type { ScheduleView } from './schedule-part.ts';
import type { LatestView, WorkersView } from './temporal-parts.ts';

const SHOWN_REASONS = 5;
const LABEL = 12;

/** One screen: first whether all is well, then the problems, then every part. */
export function showStatus(status: Status, troubles: readonly Trouble[]): string[] {
  const { at, queue, schedule, workers, running, latest, ledger, rows, quarantine, maskKeys } =
    status;
  return [
    headline(at, troubles),
    ...troubles.flatMap(({ problem, whatToDo }) => [
      `${styled('red', '✗')} ${problem}`,
      `  what to do: ${whatToDo}`,
    ]),
    '',
    ...part('queue', queue, describeQueuePart),
    ...part('schedule', schedule, (view) => describeSchedule(view, at)),
    ...part('workers', workers, ({ workers: all }) => [
      all.length === 0 ? 'none' : `${all.length}: ${all.join(', ')}`,
    ]),
    ...part('running', running, ({ runs }) => describeRunning(runs, at)),
    ...part('rows', rows, ({ today }) => [`${number(today)} logins sent today (UTC)`]),
    ...part('quarantine', quarantine, (view) => describeQuarantine(view, at)),
    ...part('tables', status.tables, (view) => describeTables(view, at)),
    ...part('keys', maskKeys, (view) => describeMaskKeys(view, workers)),
    ...labelled('', configured(status)),
    ...part('recent', ledger, (view) => describeLedger(view, at)),
    ...describeRuns(ledger, latest),
  ];
}

function headline(at: Date, troubles: readonly Trouble[]): string {
  const action =
    troubles.length === 0 ? styled('green', '✓ healthy') : styled('red', 'not healthy');
  return `${styled('bold', 'login-etl')}  ${action}  ${at.toISOString().slice(0, 19)}Z`;
}

function part<T>(name: string, view: Part<T>, describe: (view: T) => string[]): string[] {
  return labelled(
    name,
    view.reachable ? describe(view) : [styled('yellow', `cannot be asked: ${view.reason}`)],
  );
}

const labelled = (name: string, lines: readonly string[]): string[] =>
  lines.map((line, at) => `${styled('bold', (at === 0 ? name : '').padEnd(LABEL))}${line}`);

function describeQueuePart(queue: QueueView): string[] {
  const age = queue.oldestSeenSeconds;
  const oldest =
    queue.visible === 0
      ? ''
      : age === null
        ? ', age unknown (--look shows it)'
        : `, oldest seen ${describeDuration(age * 1_000)}`;
  const delayed = queue.delayed > 0 ? `, ${number(queue.delayed)} delayed` : '';
  return [
    `${queue.name}: ${number(queue.visible)} waiting, ${number(queue.inFlight)} in flight${delayed}${oldest}`,
  ];
}

function describeSchedule({ exists, paused, note, next, last, ...view }: ScheduleView, at: Date) {
  if (!exists) return ['none: runs are started by hand or by a cron'];
  const state = paused
    ? styled('yellow', `paused${note ? ` (${note})` : ''}`)
    : next
      ? `next in ${describeDuration(next.getTime() - at.getTime())}`
      : 'starts no more runs';
  const lastRun = last ? `last ${ago(last, at)}` : 'has started none';
  return [`${state}, ${lastRun}, ${number(view.skipped)} skipped, ${number(view.missed)} missed`];
}

function describeQuarantine({ messages, reasons }: QuarantineView, at: Date): string[] {
  if (messages === 0) return ['empty'];
  const left = reasons.length - SHOWN_REASONS;
  return [
    `${number(messages)} message(s)`,
    ...reasons
      .slice(0, SHOWN_REASONS)
      .map(
        (each) =>
          `  ${number(each.messages).padStart(8)}  ${each.reason}, last ${ago(each.lastAt, at)}`,
      ),
    ...(left > 0 ? [`  and ${left} more reason(s): see --json`] : []),
  ];
}

function describeMaskKeys({ days, keys }: MaskKeysView, workers: Part<WorkersView>): string[] {
  if (keys.length === 0) return [`masking: no rows in the last ${days} days`];
  const inUse = workers.reachable ? Object.values(workers.maskKeys) : [];
  const usedBy = (keyId: string) => {
    if (inUse.length === 0) return '';
    const count = inUse.filter((each) => each === keyId).length;
    return count > 0 ? `, used by ${count} worker(s)` : ', used by no live worker';
  };
  return keys.map((use) => {
    const rows = `${number(use.rows)} rows in ${days} days`;
    if (use.keyId === ADOPTED_ID) return `masking: no key, from before login-etl, ${rows}`;
    return `masking: ${use.keyId} since ${use.firstDate}${usedBy(use.keyId)}, ${rows}`;
  });
}

/** Ids only, and only those of keys that are configured here. */
function configured({ keys: { payloads, vault } }: Status): string[] {
  return [
    ...(payloads
      ? [
          `payloads: ${payloads.active}${payloads.others.length > 0 ? `, and for decoding ${payloads.others.join(', ')}` : ''}`,
        ]
      : []),
    ...(vault ? [`vault: ${vault}`] : []),
  ];
}

/** Without one of the two sources it says that the list is not complete. */
function describeRuns(ledger: Part<LedgerView>, latest: Part<LatestView>): string[] {
  const recorded = ledger.reachable ? ledger.runs : [];
  const unrecorded = latest.reachable ? latest.unrecorded : [];
  const runs = mergeUnrecorded(recorded, unrecorded);
  return [
    ...(runs.length > 0 ? runsTable(runs, statesOf(unrecorded)) : []),
    ...describeReasons(unrecorded),
    ...(latest.reachable
      ? []
      : ['runs that failed before their first batch are missing here: Temporal cannot be asked']),
  ];
}

function describeLedger({ runs, emptyRuns, sinceHours, lastSuccessAt }: LedgerView, at: Date) {
  const success = lastSuccessAt ? `last success ${ago(lastSuccessAt, at)}` : 'no run has succeeded';
  const empty = `in ${sinceHours} h ${number(emptyRuns)} run(s) found an empty queue`;
  return [`${success}; ${empty}${runs.length === 0 ? ', and the ledger has no others' : ''}`];
}

const ago = (then: Date, at: Date): string =>
  `${describeDuration(at.getTime() - then.getTime())} ago`;

const number = (value: number): string => value.toLocaleString('en');
