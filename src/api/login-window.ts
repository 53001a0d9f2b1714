import { z } from 'zod';
import { wrongField } from './api-problem.ts';

const DEFAULT_DAYS = 90;
export const DAY_MS = 86_400_000;
/** JavaScript and Postgres write earlier years differently. */
const FIRST_DAY = '1000-01-01';

export type Window = { from: string; to: string };

/** For what does not depend on days. */
export const ALL_DAYS: Window = { from: '0001-01-01', to: '9999-12-31' };

export const dayField = z.iso
  .date()
  .refine((value) => value >= FIRST_DAY, `must not be before ${FIRST_DAY}`)
  .optional();

/** Both days belong to the window (UTC). */
export const windowFields = {
  from: dayField.describe(`First day (UTC); by default ${DEFAULT_DAYS} days before the last`),
  to: dayField.describe('Last day (UTC); by default today'),
};

export function windowOf(given: { from?: string | undefined; to?: string | undefined }): Window {
  const to = given.to ?? dayOf(Date.now());
  const from = given.from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS);
  if (from > to) throw wrongField('to', 'the window ends before it begins');
  return { from, to };
}

/** The latest, since most windows end today. */
const written = new Map<number, string>();
const MAX_WRITTEN = 100;

function dayOf(ms: number): string {
  const number = Math.floor(ms / DAY_MS);
  let day = written.get(number);
  if (day === undefined) {
    day = new Date(ms).toISOString().slice(0, 10);
    if (written.size >= MAX_WRITTEN) written.clear();
    written.set(number, day);
  }
  return day;
}
