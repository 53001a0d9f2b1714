/**
 * Where a decoded value comes from. Values that our own code sealed for this workflow and this place have no mark.
 * - `plain`: nobody sealed it, as what tctl sends.
 * - `unbound`: sealed by a build before 0.4, which bound payloads to no workflow.
 * - `result`: the activity's own, as the heartbeat of an earlier attempt is.
 * - `refused`: sealed for another workflow or place, damaged, or plain where that is not accepted; the value is empty.
 */
export type Origin = 'plain' | 'unbound' | 'result' | 'refused';

/** Registered, because a worker's modules and the workflow sandbox share no others. */
const ORIGIN = Symbol.for('login-etl/origin');
const REASON = Symbol.for('login-etl/reason');

/** Marks an object; other values cannot hold what a caller has to be protected from. */
export function withOrigin<T>(value: T, origin: Origin): T {
  if (typeof value === 'object' && value !== null) {
    Object.defineProperty(value, ORIGIN, { value: origin });
  }
  return value;
}

export const refusedValue = (reason: string): object =>
  Object.defineProperty(withOrigin({}, 'refused'), REASON, { value: reason });

export const originOf = (value: unknown): Origin | undefined =>
  typeof value === 'object' && value !== null
    ? (value as { [ORIGIN]?: Origin })[ORIGIN]
    : undefined;

export const refusalReason = (value: unknown): string =>
  (value as { [REASON]?: string })[REASON] ?? '';
