import type { Payload, PayloadCodec } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { isReference, isSealedPart } from '../../batch/part-reference.ts';
import { partSealer } from '../../batch/part-sealer.ts';
import { fromPartsPayload, isPartsPayload, type Part } from '../../batch/parts-payload.ts';
import type { Keyring } from '../keys/keyring.ts';
import { payloadCodec } from './payload-codec.ts';

/** What people see of a part that a step is only told of. */
export const NAMED_ONLY = '(as in the result of the step before)';

/** The payload codec for people's eyes: the parts of a batch are opened too, and all of it is JSON. */
export function readablePayloads(keyring: Keyring): PayloadCodec {
  const { encode, decode } = payloadCodec(keyring);
  const parts = partSealer(keyring);

  async function readable(part: Part<unknown>): Promise<unknown> {
    if (isReference(part)) return NAMED_ONLY;
    return isSealedPart(part) ? parts.open(part) : part;
  }

  async function opened(payload: Payload): Promise<Payload> {
    if (!isPartsPayload(payload)) return payload;
    const value = fromPartsPayload<Record<string, unknown>>(payload);
    const entries = await Promise.all(
      Object.entries(value).map(async ([name, each]) => [
        name,
        each instanceof Uint8Array ? await readable(each as Part<unknown>) : each,
      ]),
    );
    return defaultPayloadConverter.toPayload(Object.fromEntries(entries));
  }

  return {
    encode,
    decode: async (payloads) => Promise.all((await decode(payloads)).map(opened)),
  };
}
