import type { Adoption, AdoptionPlan } from '../../postgres/adopt/adopt-table.ts';
import type { Survey } from '../../postgres/adopt/survey.ts';
import { describeDuration } from '../options/duration.ts';

/** Measured on a small machine: see docs/existing-table.md. */
const COPIED_PER_SECOND = 45_000;
const COMPARED_PER_SECOND = 2_000_000;
/** The new rows have five more columns and a key. */
const SIZE_RATIO = 2;

const number = (value: number): string => value.toLocaleString('en');
const megabytes = (bytes: number): string => `${number(Math.ceil(bytes / 1e6))} MB`;

/** What `--adopt` would do, as labelled lines. */
export function describePlan(plan: AdoptionPlan, { rows, months, setAside, reasons }: Survey) {
  const { old, dependents, grants, underWay } = plan;
  const all = Object.keys(months);
  const seconds = rows / COPIED_PER_SECOND;
  const line = (label: string, text: string) => `  ${label.padEnd(12)}${text}`;
  const lines = (label: string, texts: readonly string[]) =>
    texts.map((text, at) => line(at === 0 ? label : '', text));
  return [
    `${old.name}, which belongs to ${old.owner}${underWay ? ': an adoption was begun, and goes on' : ''}`,
    line('rows', `${number(rows)}, ${megabytes(old.bytes)}`),
    line('months', all.length === 0 ? 'none' : `${all.length}, from ${all[0]} to ${all.at(-1)}`),
    line('set aside', setAside === 0 ? 'none' : `${number(setAside)}, into user_logins_set_aside`),
    ...Object.entries(reasons).map(([reason, count]) => line('', `${number(count)}: ${reason}`)),
    ...lines(
      'columns',
      old.extra.map(({ name, type }) => `${name} ${type}: kept, null in new rows`),
    ),
    ...lines(
      'views',
      dependents.views.map(({ name }) => `${name}: created on the new table`),
    ),
    ...lines(
      'grants',
      grants.kept.map((grant) => `${grant}: kept`),
    ),
    ...lines(
      '',
      grants.left.map((grant) => `${grant}: not kept, since only login-etl writes`),
    ),
    ...lines('left behind', dependents.left),
    line('time', `about ${describeDuration(seconds * 1_000)} to copy, while others go on`),
    line(
      '',
      `about ${describeDuration((rows / COMPARED_PER_SECOND) * 1_000 + 500)} at the end, while writers wait`,
    ),
    line(
      'disk',
      `about ${megabytes(old.bytes * SIZE_RATIO)} more, until user_logins_before is dropped`,
    ),
    '',
    ...LIMITS,
  ];
}

const LIMITS = [
  'Adopted rows have no originals in the vault: they cannot be revealed, and a change of the masking key leaves them as they are. Their key id is `adopted`.',
];

/** What `--adopt` did. */
export const describeAdoption = (adoption: Adoption): string[] => [
  `adopted ${number(adoption.rows)} row(s)${
    adoption.setAside > 0
      ? `; ${number(adoption.setAside)} are in user_logins_set_aside, with their reasons`
      : ''
  }`,
  `writers waited ${describeDuration(adoption.writersWaitedMs)} in the last step, readers ${describeDuration(adoption.readersWaitedMs)}`,
  'The old table is user_logins_before: drop it when nobody needs it. Whoever wrote to user_logins must stop, or write there.',
];
