import { type Payload, RawValue } from '@temporalio/common';

/**
 * Marks the payloads that people read in the Web UI without decoding: activity summaries and the workflow's current
 * details, which contain only counts. The payload codec encrypts all payloads without this mark.
 */
const CLEAR_MARK = 'login-etl-clear';

const text = new TextEncoder();

/** Stores a value unencrypted. The caller guarantees that it contains nothing from a message. */
export function clearValue(value: unknown): RawValue {
  return RawValue.fromPayload({
    metadata: { encoding: text.encode('json/plain'), [CLEAR_MARK]: text.encode('counts') },
    data: text.encode(JSON.stringify(value)),
  });
}

/** An activity's summary: the SDK types it as a string but accepts any value. */
export const clearSummary = (summary: string): string => clearValue(summary) as unknown as string;

export const isClearPayload = (payload: Payload): boolean =>
  payload.metadata?.[CLEAR_MARK] !== undefined;
