import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isReference, isSealedPart, partId } from '../../batch/part.ts';
import { chunks, concatenated, isPartsPayload, partsPayload } from '../../batch/parts-payload.ts';
import { isClearPayload } from '../../domain/clear-text.ts';
import { hasEncoding, metadataText } from '../../domain/payload-metadata.ts';
import { CIPHER } from '../aes-gcm.ts';
import type { Keyring } from '../keys/keyring.ts';
import {
  type Binding,
  bindingMetadata,
  bindingOf,
  placeFor,
  readBinding,
} from './payload-binding.ts';
import { type DecryptOptions, type Encrypted, payloadCipher } from './payload-cipher.ts';
import {
  isMarked,
  missingKeyPayload,
  originPayload,
  refusedPayload,
  sideOf,
  withoutMarks,
} from './payload-marks.ts';
import { UnknownPayloadKey } from './unknown-payload-key.ts';

/** The encoding of Temporal's samples, which other tools recognize. */
const ENCODING = 'binary/encrypted';
const PURPOSE = 'login-etl/payload/2';
/** Payloads of builds before 0.4, which are bound to nothing. Accepted until 0.5. */
const UNBOUND_PURPOSE = 'login-etl/payload/1';
/** The metadata of a payload that consists of an encrypted head and sealed parts. */
const FORM = 'form';
const PARTS = 'parts';
/** Requests, results and failures are a few kB; batches are in parts. */
const MAX_DECOMPRESSED_BYTES = 4 * 1024 * 1024;
/** For all payloads of one list: nothing of ours passes more than two, but anyone can pass copies by the thousand. */
const MAX_LIST_BYTES = 2 * MAX_DECOMPRESSED_BYTES;

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const text = new TextEncoder();

/**
 * Compresses and encrypts every payload that leaves for Temporal, except for the counts that people read in the Web UI
 * (`clear-text.ts`). Payloads are wrapped whole, including metadata; only the head of a payload of parts, since parts are
 * sealed already. Namespace, workflow id, place and the identities of the parts are authenticated.
 *
 * Decoding with the SDK's context turns a payload that does not belong in its place into a refused one: the converter and
 * the interceptors of workflows and activities handle it. Without a context, as in the codec server, a payload is opened
 * for the place that it names.
 */
export function payloadCodec(keyring: Keyring, options: DecryptOptions = {}): PayloadCodec {
  const encoding = payloadCipher(keyring, PURPOSE);
  /** Opens the payloads of one list. */
  function ciphers() {
    const limits = {
      maxDecompressedBytes: MAX_DECOMPRESSED_BYTES,
      budget: { bytes: MAX_LIST_BYTES },
      ...options,
    };
    return {
      bound: payloadCipher(keyring, PURPOSE, limits),
      unbound: payloadCipher(keyring, UNBOUND_PURPOSE, limits),
    };
  }

  async function encode(payload: Payload, context?: SerializationContext): Promise<Payload> {
    if (isClearPayload(payload)) return payload;
    const binding = bindingOf(context, sideOf(payload));
    if (isPartsPayload(payload)) return encodeParts(payload, binding);
    const plain = PayloadMessage.encode(withoutMarks(payload)).finish();
    const encrypted = await encoding.encrypt(plain, Object.values(binding));
    return { metadata: metadata(encrypted, binding), data: encrypted.data };
  }

  async function encodeParts(payload: Payload, binding: Binding): Promise<Payload> {
    const [head, ...parts] = chunks(payload.data ?? new Uint8Array(0));
    if (!head || !parts.every((part) => isSealedPart(part) || isReference(part))) {
      throw new Error('bytes that are not sealed were about to leave for Temporal');
    }
    const encrypted = await encoding.encrypt(head, [
      ...Object.values(binding),
      ...parts.map(partId),
    ]);
    return {
      metadata: { ...metadata(encrypted, binding), [FORM]: text.encode(PARTS) },
      data: concatenated([encrypted.data, ...parts]),
    };
  }

  async function decode(
    payload: Payload,
    context: SerializationContext | undefined,
    by: Ciphers,
  ): Promise<Payload> {
    const binding = readBinding(payload);
    if (!context) return hasEncoding(payload, ENCODING) ? open(payload, binding, by) : payload;
    if (!hasEncoding(payload, ENCODING)) {
      return context.type === 'workflow' && !isMarked(payload)
        ? originPayload(payload, 'plain')
        : refusedPayload('it is not encrypted');
    }
    const place = binding && placeFor(binding, context);
    if (binding && !place) return refusedPayload('it was sealed for another workflow or place');
    try {
      return originPayload(await open(payload, binding, by), place ?? 'unbound');
    } catch (error) {
      if (!(error instanceof UnknownPayloadKey)) return refusedPayload('it does not open');
      if (context.type === 'activity') throw error;
      // Anyone can send a signal or an input, so the converter decides, which knows whose payload this is.
      return missingKeyPayload(error.keyId);
    }
  }

  async function open(
    payload: Payload,
    binding: Binding | undefined,
    by: Ciphers,
  ): Promise<Payload> {
    const keyId = metadataText(payload, 'encryption-key-id');
    const compression = metadataText(payload, 'compression');
    const data = payload.data ?? new Uint8Array(0);
    const decrypt = (bytes: Uint8Array, parts: readonly Uint8Array[] = []) =>
      binding
        ? by.bound.decrypt({ keyId, compression, data: bytes }, [
            ...Object.values(binding),
            ...parts.map(partId),
          ])
        : by.unbound.decrypt({ keyId, compression, data: bytes });
    if (metadataText(payload, FORM) !== PARTS) return PayloadMessage.decode(await decrypt(data));
    const [head = new Uint8Array(0), ...parts] = chunks(data);
    return partsPayload([await decrypt(head, parts), ...parts]);
  }

  return {
    encode: (payloads, context) => Promise.all(payloads.map((each) => encode(each, context))),
    async decode(payloads, context) {
      const by = ciphers();
      const decoded: Payload[] = [];
      // One at a time, since they share the limit.
      for (const payload of payloads) decoded.push(await decode(payload, context, by));
      return decoded;
    },
  };
}

type PayloadCipher = ReturnType<typeof payloadCipher>;
type Ciphers = { bound: PayloadCipher; unbound: PayloadCipher };

/** Returns the sealed parts of an encoded payload, if any. */
export function sealedPartsOf(payload: Payload): Uint8Array[] {
  if (metadataText(payload, FORM) !== PARTS) return [];
  return chunks(payload.data ?? new Uint8Array(0)).slice(1);
}

const metadata = ({ keyId, compression }: Encrypted, binding: Binding) => ({
  encoding: text.encode(ENCODING),
  'encryption-cipher': text.encode(CIPHER),
  'encryption-key-id': text.encode(keyId),
  compression: text.encode(compression),
  ...bindingMetadata(binding),
});
