import type { Payload } from '@temporalio/common';
import { hasEncoding, metadataText } from '../../domain/payload-metadata.ts';
import type { Side } from './payload-binding.ts';

/**
 * Codec and converter exchange these marks in the metadata of unencrypted payloads, which never leave the process: the
 * direction of an activity's payload, and the origin of a decoded one.
 */
const SIDE = 'login-etl-side';
const ORIGIN = 'login-etl-origin';
const REFUSED = 'login-etl/refused';
const MISSING_KEY = 'login-etl/missing-key';

type PayloadOrigin = Side | 'own' | 'plain' | 'unbound';

const text = new TextEncoder();
const fromText = new TextDecoder();

export const withSide = (payload: Payload, side: Side): Payload => ({
  ...payload,
  metadata: { ...payload.metadata, [SIDE]: text.encode(side) },
});

export const sideOf = (payload: Payload): string => metadataText(payload, SIDE);

export function withoutMarks({ metadata, data }: Payload): Payload {
  const { [SIDE]: _side, ...rest } = metadata ?? {};
  return { metadata: rest, ...(data && { data }) };
}

export const originPayload = (payload: Payload, origin: PayloadOrigin): Payload => ({
  metadata: { ...payload.metadata, [ORIGIN]: text.encode(origin) },
  ...(payload.data && { data: payload.data }),
});

/** A payload that passed no codec has no mark and counts as plain. */
export const originOfPayload = (payload: Payload): PayloadOrigin =>
  (metadataText(payload, ORIGIN) || 'plain') as PayloadOrigin;

export const refusedPayload = (reason: string): Payload => ({
  metadata: { encoding: text.encode(REFUSED) },
  data: text.encode(reason),
});

/** Only this process may mark a payload: one that arrives marked was forged. */
export const isMarked = (payload: Payload): boolean =>
  [REFUSED, MISSING_KEY].some((encoding) => hasEncoding(payload, encoding));

/** Undefined for a payload that is not refused. */
export const reasonRefused = (payload: Payload): string | undefined =>
  hasEncoding(payload, REFUSED) ? fromText.decode(payload.data ?? undefined) : undefined;

export const missingKeyPayload = (keyId: string): Payload => ({
  metadata: { encoding: text.encode(MISSING_KEY) },
  data: text.encode(keyId),
});

/** Undefined for a payload whose key the keyring has. */
export const missingKeyOf = (payload: Payload): string | undefined =>
  hasEncoding(payload, MISSING_KEY) ? fromText.decode(payload.data ?? undefined) : undefined;
