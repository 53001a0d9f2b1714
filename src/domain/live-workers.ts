/** What a worker says of itself in Postgres. Keys are named by their ids. */
export type ReportedWorker = {
  /** Process and host, as Temporal shows the worker. */
  identity: string;
  alive: boolean;
  build: string;
  maskKeyId: string;
  /** The active one first. */
  payloadKeyIds: string[];
};

/**
 * The identities of live workers. Builds from before the table `workers` do not report, and are known only by having
 * polled Temporal: those count, unless a worker of that identity has reported and fallen silent.
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
