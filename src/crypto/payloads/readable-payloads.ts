import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { isReference, isSealedPart, type Part } from '../../batch/part.ts';
import { fromPartsPayload, isPartsPayload } from '../../batch/parts-payload.ts';
import type { Keyring } from '../keys/keyring.ts';
import { partSealer } from './part-sealer.ts';
import { payloadCodec } from './payload-codec.ts';

/** Shown for a part that the step got by reference. */
export const NAMED_ONLY = '(as in the result of the step before)';

export type Ciphertext = { keyId: string; data: Uint8Array };

export type OpenedPayloads = {
  /** Undefined when one of them could not be opened. */
  payloads: Payload[] | undefined;
  /** For each payload in which something was sealed: every ciphertext that was decrypted, or tried. */
  ciphertexts: Ciphertext[][];
};

/**
 * Decrypts payloads for people: opens the parts of a batch too, and turns all of it into JSON. The ciphertexts come
 * from the cipher itself, so that nothing is opened without being listed, wherever it was in the payload.
 */
export async function openPayloads(
  keyring: Keyring,
  payloads: readonly Payload[],
): Promise<OpenedPayloads> {
  const opened = await Promise.all(payloads.map((payload) => openPayload(keyring, payload)));
  const values = opened.flatMap(({ value }) => value ?? []);
  return {
    payloads: values.length === payloads.length ? values : undefined,
    ciphertexts: opened.map(({ tried }) => tried).filter(({ length }) => length > 0),
  };
}

async function openPayload(keyring: Keyring, payload: Payload) {
  const tried: Ciphertext[] = [];
  const onDecrypt = (ciphertext: Ciphertext) => void tried.push(ciphertext);
  try {
    const [decoded] = await payloadCodec(keyring, onDecrypt).decode([payload]);
    const value = await readable(decoded as Payload, partSealer(keyring, onDecrypt).open);
    return { tried, value };
  } catch {
    return { tried };
  }
}

async function readable(
  payload: Payload,
  open: (part: Part<unknown>) => Promise<unknown>,
): Promise<Payload> {
  if (!isPartsPayload(payload)) return payload;
  const entries = Object.entries(fromPartsPayload<Record<string, unknown>>(payload));
  const values = await Promise.all(
    entries.map(async ([, value]) => {
      if (!(value instanceof Uint8Array)) return value;
      if (isReference(value)) return NAMED_ONLY;
      return isSealedPart(value) ? open(value) : value;
    }),
  );
  return defaultPayloadConverter.toPayload(
    Object.fromEntries(entries.map(([name], index) => [name, values[index]])),
  );
}
