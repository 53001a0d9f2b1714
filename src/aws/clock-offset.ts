import type { IncomingHttpHeaders } from 'node:http';

/** AWS refuses a signature that is five minutes off. The AWS SDK corrects its clock from four minutes on. */
const MAX_SKEW_MS = 4 * 60_000;

/**
 * How far the service's clock is ahead of ours, in milliseconds, if the call was refused and its signing time is too far
 * from the response's Date header. Undefined when the clock cannot be the reason.
 */
export function clockOffsetMs(
  { status, headers }: { status: number; headers: IncomingHttpHeaders },
  signedAtMs: number,
): number | undefined {
  if (status < 400 || status >= 500) return undefined;
  // A response with an Age header comes from a cache, so its Date is old.
  const theirsMs = headers.age === undefined ? Date.parse(headers.date ?? '') : Number.NaN;
  return Math.abs(theirsMs - signedAtMs) > MAX_SKEW_MS ? theirsMs - Date.now() : undefined;
}
