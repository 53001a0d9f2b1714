/** A worker's report in Postgres. */
export type ReportedWorker = {
  /** Process and host, as Temporal shows the worker. */
  identity: string;
  alive: boolean;
  /** It has said that it stops, after its last step. */
  stopped: boolean;
  /** Its last report, by the clock of Postgres. */
  seenAtMs: number;
  /** Since then. */
  silentMs: number;
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
  return [
    ...reported.filter(({ alive }) => alive).map(({ identity }) => identity),
    ...unreported(reported, polled),
  ].sort();
}

/** Pollers of builds that do not report. */
function unreported(reported: readonly ReportedWorker[], polled: readonly string[]): string[] {
  const known = new Set(reported.map(({ identity }) => identity));
  return polled.filter((identity) => !known.has(identity));
}

/** Names workers whose keys differ, which gives one device two masked values, or leaves payloads unread. */
export function keyDifferences(reported: readonly ReportedWorker[]): string[] {
  const live = reported.filter(({ alive }) => alive);
  const byMaskKey = Map.groupBy(live, ({ maskKeyId }) => maskKeyId);
  const uses = Array.from(byMaskKey, ([key, workers]) => `${key} (${named(workers)})`);
  const lacking = [...new Set(live.map(({ payloadKeyIds: [active = ''] }) => active))].flatMap(
    (active) => {
      const without = live.filter(({ payloadKeyIds }) => !payloadKeyIds.includes(active));
      return without.length > 0
        ? [
            `payload key ${active} is active in one worker and missing in another: ${named(without)}`,
          ]
        : [];
    },
  );
  return [
    ...(byMaskKey.size > 1 ? [`workers mask with different keys: ${uses.join(', ')}`] : []),
    ...lacking,
  ];
}

const named = (workers: readonly ReportedWorker[]): string =>
  workers.map(({ identity }) => identity).join(', ');

/** From then on, the steps of a worker that fell silent have timed out, and their results are refused. */
const DEAD_AFTER_MS = 30_000;

/** Names workers that may still mask with another key, for as long as their results may arrive. */
export function workersWithOtherKey(
  reported: readonly ReportedWorker[],
  polled: readonly string[],
  keyId: string,
): string[] {
  return [
    ...reported
      .filter((worker) => worker.maskKeyId !== keyId)
      .filter(({ stopped, silentMs }) => !stopped && silentMs < DEAD_AFTER_MS)
      .map(({ identity, maskKeyId }) => `${identity} (key ${maskKeyId})`),
    ...unreported(reported, polled).map(
      (identity) => `${identity} (an older build, which does not report its key)`,
    ),
  ].sort();
}

/** When a worker with another key last reported; 0 if none has within the last day. */
export const otherKeyLastSeenMs = (reported: readonly ReportedWorker[], keyId: string): number =>
  Math.max(
    0,
    ...reported.filter(({ maskKeyId }) => maskKeyId !== keyId).map(({ seenAtMs }) => seenAtMs),
  );
