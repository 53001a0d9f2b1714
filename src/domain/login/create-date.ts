/** The UTC date of a message's SentTimestamp, such as `2026-11-22`. */
export function createDate(sentAtMs: number): string {
  return new Date(sentAtMs).toISOString().slice(0, 10);
}

/** The dates of some messages, each once. */
export const daysOf = (sentAtMs: readonly number[]): string[] => [
  ...new Set(sentAtMs.map(createDate)),
];
