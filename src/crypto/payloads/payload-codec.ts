import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isReference, isSealedPart } from '../../batch/part.ts';
import { chunks, concatenated, isPartsPayload, partsPayload } from '../../batch/parts-payload.ts';
import { isClearPayload } from '../../domain/clear-text.ts';
import { hasEncoding, metadataText } from '../../domain/payload-metadata.ts';
import type { Keyring } from '../keys/keyring.ts';
import { CIPHER, type OnDecrypt, payloadCipher } from './payload-cipher.ts';

/** As in Temporal's own samples, so that other tools know what they look at. */
const ENCODING = 'binary/encrypted';
const PURPOSE = 'login-etl/payload/1';
/** Metadata of a payload whose data is an encrypted head and parts that were sealed before. */
const FORM = 'form';
const PARTS = 'parts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const text = new TextEncoder();

/**
 * Compresses and encrypts every payload that leaves for Temporal, but for the counts that people read in the Web UI
 * (`clear-text.ts`). Whole payloads are wrapped, metadata included; of a payload of parts its head, since the parts are
 * sealed as they are (`part-sealer.ts`). Payloads that were not encrypted, such as the input that tctl sends, pass
 * through on the way in.
 */
export function payloadCodec(keyring: Keyring, onDecrypt?: OnDecrypt): PayloadCodec {
  const cipher = payloadCipher(keyring, PURPOSE, onDecrypt);

  async function encode(payload: Payload): Promise<Payload> {
    if (isClearPayload(payload)) return payload;
    if (isPartsPayload(payload)) return encodeParts(payload);
    const { keyId, compression, data } = await cipher.encrypt(
      PayloadMessage.encode(payload).finish(),
    );
    return { metadata: metadata(keyId, compression), data };
  }

  async function encodeParts(payload: Payload): Promise<Payload> {
    const [head, ...parts] = chunks(payload.data ?? new Uint8Array(0));
    if (!head || !parts.every((part) => isSealedPart(part) || isReference(part))) {
      throw new Error('bytes that are not sealed were about to leave for Temporal');
    }
    const { keyId, compression, data } = await cipher.encrypt(head);
    return {
      metadata: { ...metadata(keyId, compression), [FORM]: text.encode(PARTS) },
      data: concatenated([data, ...parts]),
    };
  }

  async function decode(payload: Payload): Promise<Payload> {
    if (!hasEncoding(payload, ENCODING)) return payload;
    const keyId = metadataText(payload, 'encryption-key-id');
    const compression = metadataText(payload, 'compression');
    const data = payload.data ?? new Uint8Array(0);
    if (metadataText(payload, FORM) !== PARTS) {
      return PayloadMessage.decode(await cipher.decrypt({ keyId, compression, data }));
    }
    const [head = new Uint8Array(0), ...parts] = chunks(data);
    return partsPayload([await cipher.decrypt({ keyId, compression, data: head }), ...parts]);
  }

  return {
    encode: (payloads) => Promise.all(payloads.map(encode)),
    decode: (payloads) => Promise.all(payloads.map(decode)),
  };
}

/** The parts of an encoded payload, as they were sealed; none where there are none. */
export function sealedPartsOf(payload: Payload): Uint8Array[] {
  if (metadataText(payload, FORM) !== PARTS) return [];
  return chunks(payload.data ?? new Uint8Array(0)).slice(1);
}

const metadata = (keyId: string, compression: string) => ({
  encoding: text.encode(ENCODING),
  'encryption-cipher': text.encode(CIPHER),
  'encryption-key-id': text.encode(keyId),
  compression: text.encode(compression),
});
