import { dayOf } from '../tables/days.ts';

/** The UTC date of a message's SentTimestamp, such as `2026-11-22`. */
export const createDate = (sentAtMs: number): string => dayOf(new Date(sentAtMs));

/** The dates of some messages, each once. */
export const daysOf = (sentAtMs: readonly number[]): string[] => [
  ...new Set(sentAtMs.map(createDate)),
];
