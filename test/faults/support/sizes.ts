/** Set by `npm run test:faults`. `npm test` runs smaller scenarios. */
export const FULL = process.env.FAULTS === 'full';

function size(name: string, short: number, full: number): number {
  const given = Number(process.env[name]);
  if (Number.isSafeInteger(given) && given > 0) return given;
  return FULL ? full : short;
}

/** Messages of a run in which processes die at random moments. */
export const MESSAGES = size('FAULT_MESSAGES', 1_000, 20_000);
/** SIGKILLs in such a run. */
export const KILLS = size('FAULT_KILLS', 2, 30);
/** SIGTERMs in such a run. */
export const STOPS = size('FAULT_STOPS', 1, 10);
/** Connections that are cut in such a run. */
export const CUTS = size('FAULT_CUTS', 60, 60);
/** How much longer than the visibility timeout a server is down. */
export const OUTAGE_SECONDS = size('FAULT_OUTAGE_SECONDS', 1, 20);

/** Messages in a test of recovery. The restore loses half of them. */
export const RECOVERED = size('FAULT_RECOVERED', 400, 100_000);

/** FAULT_SEED repeats the random moments of an earlier run. */
export const SEED = size('FAULT_SEED', Date.now() % 1e9, Date.now() % 1e9);

/** Temporal notices a dead worker after 12 seconds, which a test may wait for several times. */
export const PATIENCE_MS = FULL ? 15 * 60_000 : 150_000;
