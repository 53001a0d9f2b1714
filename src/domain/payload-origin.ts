/**
 * The origin of a decoded value. A value that our own code sealed for this workflow and place has no mark.
 * - `plain`: not sealed, such as the input that tctl sends.
 * - `unbound`: sealed by a build before 0.4, which did not bind payloads to a workflow.
 * - `result`: sealed by the activity itself, such as the heartbeat of an earlier attempt.
 * - `refused`: sealed for another workflow or place, damaged, or plain where that is not accepted; the value is empty.
 * - `missing key`: refused because the worker lacks its key.
 */
export type Origin = 'plain' | 'unbound' | 'result' | 'refused' | 'missing key';

/** Registered symbols, because a worker's modules and the workflow sandbox share no others. */
const ORIGIN = Symbol.for('login-etl/origin');
const REASON = Symbol.for('login-etl/reason');

/** Marks an object. Other values need no mark, since they cannot contain a request. */
export function withOrigin<T>(value: T, origin: Origin): T {
  if (typeof value === 'object' && value !== null) {
    Object.defineProperty(value, ORIGIN, { value: origin });
  }
  return value;
}

export const refusedValue = (
  reason: string,
  origin: 'refused' | 'missing key' = 'refused',
): object => Object.defineProperty(withOrigin({}, origin), REASON, { value: reason });

export const originOf = (value: unknown): Origin | undefined =>
  typeof value === 'object' && value !== null
    ? (value as { [ORIGIN]?: Origin })[ORIGIN]
    : undefined;

export const refusalReason = (value: unknown): string =>
  (value as { [REASON]?: string })[REASON] ?? '';
