import { type Payload, RawValue } from '@temporalio/common';

/**
 * What people read in the Web UI without decoding anything: activity summaries and the workflow's current
 * details, which hold counts and nothing else. Only these are marked, and only marked payloads are
 * left unencrypted by the payload codec.
 */
const CLEAR_MARK = 'login-etl-clear';

const text = new TextEncoder();

/** A value that is stored as it stands. The caller vouches that nothing from a message is in it. */
export function clearValue(value: unknown): RawValue {
  return RawValue.fromPayload({
    metadata: { encoding: text.encode('json/plain'), [CLEAR_MARK]: text.encode('counts') },
    data: text.encode(JSON.stringify(value)),
  });
}

/** An activity's summary: the SDK types it as a string and takes any value. */
export const clearSummary = (summary: string): string => clearValue(summary) as unknown as string;

export const isClearPayload = (payload: Payload): boolean =>
  payload.metadata?.[CLEAR_MARK] !== undefined;
