import type { IncomingHttpHeaders } from 'node:http';

/** AWS refuses a signature that is five minutes off; the AWS SDK corrects its clock from four minutes on. */
const MAX_SKEW_MS = 4 * 60_000;

/**
 * How far a refusal's Date is ahead of our clock, if the call was signed with a time that is too far from it. Undefined
 * for other answers: the clock is not the reason.
 */
export function clockOffsetMs(
  { status, headers }: { status: number; headers: IncomingHttpHeaders },
  signedAtMs: number,
): number | undefined {
  if (status < 400 || status >= 500) return undefined;
  // With an age, it is a cache's answer.
  const theirsMs = headers.age === undefined ? Date.parse(headers.date ?? '') : Number.NaN;
  return Math.abs(theirsMs - signedAtMs) > MAX_SKEW_MS ? theirsMs - Date.now() : undefined;
}
