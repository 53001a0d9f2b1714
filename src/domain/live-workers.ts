/** A worker's report in Postgres. */
export type ReportedWorker = {
  /** Process and host, as Temporal shows the worker. */
  identity: string;
  alive: boolean;
  build: string;
  maskKeyId: string;
  /** The active key comes first. */
  payloadKeyIds: string[];
};

/**
 * Returns the identities of live workers. Builds from before the table `workers` do not report, so a poller of Temporal
 * counts as live, too, unless a worker with its identity has stopped reporting.
 */
export function liveWorkers(
  reported: readonly ReportedWorker[],
  polled: readonly string[],
): string[] {
  const known = new Set(reported.map(({ identity }) => identity));
  return [
    ...reported.filter(({ alive }) => alive).map(({ identity }) => identity),
    ...polled.filter((identity) => !known.has(identity)),
  ].sort();
}
