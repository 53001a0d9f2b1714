import type { Payload, PayloadCodec } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { fromPartsPayload, isPartsPayload, type Part } from '../domain/parts.ts';
import type { Keyring } from './keyring.ts';
import { isSealedPart, partSealer } from './part-sealer.ts';
import { payloadCodec } from './payload-codec.ts';

/** The payload codec for people's eyes: the parts of a batch are opened too, and all of it is JSON. */
export function readablePayloads(keyring: Keyring): PayloadCodec {
  const { encode, decode } = payloadCodec(keyring);
  const parts = partSealer(keyring);

  async function opened(payload: Payload): Promise<Payload> {
    if (!isPartsPayload(payload)) return payload;
    const value = fromPartsPayload<Record<string, unknown>>(payload);
    const entries = await Promise.all(
      Object.entries(value).map(async ([name, each]) => [
        name,
        each instanceof Uint8Array && isSealedPart(each)
          ? await parts.open(each as Part<unknown>)
          : each,
      ]),
    );
    return defaultPayloadConverter.toPayload(Object.fromEntries(entries));
  }

  return {
    encode,
    decode: async (payloads) => Promise.all((await decode(payloads)).map(opened)),
  };
}
