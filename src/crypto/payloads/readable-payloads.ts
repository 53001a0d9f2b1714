import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { isReference, isSealedPart, type Owner, type Part } from '../../batch/part.ts';
import { fromPartsPayload, isPartsPayload } from '../../batch/parts-payload.ts';
import type { Keyring } from '../keys/keyring.ts';
import { jsonSealer } from './part-sealer.ts';
import { readBinding } from './payload-binding.ts';
import { payloadCodec } from './payload-codec.ts';

/** Shown instead of a part that the step got by reference. */
export const NAMED_ONLY = '(as in the result of the step before)';

/** The limit for all payloads of one request: an event contains up to two batches. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
/** Parts of builds before 0.4 are bound to no workflow. */
const NO_WORKFLOW: Owner = { namespace: '', workflowId: '' };

export type Ciphertext = { keyId: string; data: Uint8Array };

type OpenedPayloads = {
  /** Undefined when one of them could not be opened. */
  payloads: Payload[] | undefined;
  /** For each sealed payload, all ciphertexts that were decrypted or failed to decrypt. */
  ciphertexts: Ciphertext[][];
};

/**
 * Decrypts payloads for people: opens the parts of a batch, too, and converts everything to JSON. The cipher itself reports
 * the ciphertexts, so that nothing is opened without being listed.
 */
export async function openPayloads(
  keyring: Keyring,
  payloads: readonly Payload[],
): Promise<OpenedPayloads> {
  const budget = { bytes: MAX_DECOMPRESSED_BYTES };
  const opened = [];
  // Open them one at a time, since they share the budget.
  for (const payload of payloads) opened.push(await openPayload(keyring, payload, budget));
  const values = opened.flatMap(({ value }) => value ?? []);
  return {
    payloads: values.length === payloads.length ? values : undefined,
    ciphertexts: opened.map(({ tried }) => tried).filter(({ length }) => length > 0),
  };
}

async function openPayload(keyring: Keyring, payload: Payload, budget: { bytes: number }) {
  const tried: Ciphertext[] = [];
  const options = { budget, onDecrypt: (ciphertext: Ciphertext) => void tried.push(ciphertext) };
  try {
    const [decoded] = await payloadCodec(keyring, options).decode([payload]);
    const { openJson } = jsonSealer(keyring, options);
    const owner = readBinding(payload) ?? NO_WORKFLOW;
    const value = await readable(decoded as Payload, async (part) =>
      JSON.parse((await openJson(owner, part)).json),
    );
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
  const values: unknown[] = [];
  for (const [, value] of entries) values.push(await shown(value, open));
  return defaultPayloadConverter.toPayload(
    Object.fromEntries(entries.map(([name], index) => [name, values[index]])),
  );
}

async function shown(
  value: unknown,
  open: (part: Part<unknown>) => Promise<unknown>,
): Promise<unknown> {
  if (!(value instanceof Uint8Array)) return value;
  if (isReference(value)) return NAMED_ONLY;
  return isSealedPart(value) ? open(value) : value;
}
