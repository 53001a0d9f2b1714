/** `npm run test:faults` sets it; `npm test` runs the same scenarios, smaller. */
export const FULL = process.env.FAULTS === 'full';

function size(name: string, short: number, full: number): number {
  const given = Number(process.env[name]);
  if (Number.isSafeInteger(given) && given > 0) return given;
  return FULL ? full : short;
}

/** Of a run in which things die at random moments. */
export const MESSAGES = size('FAULT_MESSAGES', 1_000, 20_000);
/** SIGKILLs of such a run. */
export const KILLS = size('FAULT_KILLS', 2, 30);
/** SIGTERMs of such a run. */
export const STOPS = size('FAULT_STOPS', 1, 10);
/** Connections cut in such a run. */
export const CUTS = size('FAULT_CUTS', 60, 60);
/** How long a server stays away, beyond the visibility timeout. */
export const OUTAGE_SECONDS = size('FAULT_OUTAGE_SECONDS', 1, 20);

/** Messages of a recovery, half of which a restore undoes. */
export const RECOVERED = size('FAULT_RECOVERED', 2_000, 100_000);

/** The moments are random, and the same again with FAULT_SEED. */
export const SEED = size('FAULT_SEED', Date.now() % 1e9, Date.now() % 1e9);

/** Whatever may stand still for a while: a dead worker is noticed after 12 seconds, several times in a row. */
export const PATIENCE_MS = FULL ? 15 * 60_000 : 150_000;
