/** A snapshot of Postgres: which transactions a read has seen. */
export type PgSnapshot = {
  /** All before this one had ended. */
  xmin: number;
  /** None from this one on had begun. */
  xmax: number;
  /** Those between that were under way. */
  running: readonly number[];
};

/** Parses the text of a `pg_snapshot`, such as `100:105:101,103`. */
export function parseSnapshot(text: string): PgSnapshot {
  const [xmin, xmax, running] = text.split(':');
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: running ? running.split(',').map(Number) : [],
  };
}
