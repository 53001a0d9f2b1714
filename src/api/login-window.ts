import { z } from 'zod';
import { DAY_MS, dayOf } from '../domain/tables/days.ts';
import { wrongField } from './api-problem.ts';

const DEFAULT_DAYS = 90;
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
  const to = given.to ?? dayOf(new Date());
  const from = given.from ?? dayOf(new Date(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS));
  if (from > to) throw wrongField('to', 'the window ends before it begins');
  return { from, to };
}
