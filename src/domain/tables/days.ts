export const DAY_MS = 86_400_000;

/** A month (UTC) as `YYYY-MM`. */
export type Month = string;

/** The day (UTC) as `YYYY-MM-DD`. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10);
export const monthOf = (date: Date): Month => date.toISOString().slice(0, 7);
