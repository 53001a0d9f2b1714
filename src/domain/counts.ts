/** Counts of messages in a run or a part of one. `received = inserted + duplicates + quarantined`. */
export type Counts = {
  /** Messages taken from the queue, redeliveries included. */
  received: number;
  /** New rows in `user_logins`. */
  inserted: number;
  /** Messages that had already been stored, in either table. */
  duplicates: number;
  /** New rows in `quarantine`. */
  quarantined: number;
  /** Messages deleted from the queue. */
  acknowledged: number;
  /** Non-empty batches. */
  batches: number;
};

export const zeroCounts = (): Counts => ({
  received: 0,
  inserted: 0,
  duplicates: 0,
  quarantined: 0,
  acknowledged: 0,
  batches: 0,
});

/** In the order in which a message goes through them. */
export const COUNT_NAMES = [
  'received',
  'inserted',
  'duplicates',
  'quarantined',
  'acknowledged',
] as const satisfies readonly (keyof Counts)[];

export function addCounts(total: Counts, part: Partial<Counts>): void {
  for (const name of Object.keys(part) as (keyof Counts)[]) total[name] += part[name] ?? 0;
}

/** One line for the Web UI, a log or a terminal: counts only, never a value from a message. */
export function describeCounts(counts: Counts): string {
  return (
    `${counts.received} received, ${counts.inserted} inserted, ${counts.duplicates} duplicates, ` +
    `${counts.quarantined} quarantined, ${counts.acknowledged} acknowledged`
  );
}

/** A Markdown table of the counts, for the Web UI. */
export function countsTable(counts: Counts): string {
  const names = Object.keys(counts) as (keyof Counts)[];
  return [names, names.map(() => '---:'), names.map((name) => counts[name])]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
