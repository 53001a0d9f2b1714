import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isClearPayload } from '../domain/clear-text.ts';
import { activeKey, type Keyring } from './keyring.ts';

/** As in Temporal's own samples, so that other tools know what they look at. */
const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Below this, compression adds more than it saves. */
const COMPRESS_FROM_BYTES = 256;
/** No payload of ours comes near it: a bound on what a forged one may unpack to. */
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const text = new TextEncoder();
const fromText = new TextDecoder();

export class UnknownPayloadKey extends Error {
  override name = 'UnknownPayloadKey';
}

/**
 * Compresses (zstd) and encrypts (AES-256-GCM, random nonce) every payload that leaves for Temporal, but for
 * the counts that people read in the Web UI (`clear-text.ts`). Whole payloads are wrapped, metadata included.
 * The encoded data is nonce, ciphertext, tag. Key id and compression are authenticated with it.
 * Payloads that were not encrypted, such as the input that tctl sends, pass through on the way in.
 */
export function payloadCodec(keyring: Keyring): PayloadCodec {
  const active = activeKey(keyring);

  async function encode(payload: Payload): Promise<Payload> {
    if (isClearPayload(payload)) return payload;
    const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
    const compressed = plain.length >= COMPRESS_FROM_BYTES;
    const body = compressed
      ? await compress(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      : plain;
    const compression = compressed ? 'zstd' : 'none';
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, active.key, nonce);
    cipher.setAAD(header(active.id, compression));
    return {
      metadata: {
        encoding: text.encode(ENCODING),
        'encryption-cipher': text.encode(CIPHER),
        'encryption-key-id': text.encode(active.id),
        compression: text.encode(compression),
      },
      data: Buffer.concat([nonce, cipher.update(body), cipher.final(), cipher.getAuthTag()]),
    };
  }

  async function decode(payload: Payload): Promise<Payload> {
    if (metadataText(payload, 'encoding') !== ENCODING) return payload;
    const keyId = metadataText(payload, 'encryption-key-id');
    const key = keyring.keys.get(keyId);
    if (!key) {
      throw new UnknownPayloadKey(
        'a payload was encrypted with a key that PAYLOAD_KEYS does not hold: add that key again',
      );
    }
    const compression = metadataText(payload, 'compression');
    const data = payload.data ?? new Uint8Array(0);
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(header(keyId, compression));
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    const body = Buffer.concat([
      decipher.update(data.subarray(NONCE_BYTES, data.length - TAG_BYTES)),
      decipher.final(),
    ]);
    const plain =
      compression === 'zstd'
        ? await decompress(body, { maxOutputLength: MAX_DECOMPRESSED_BYTES })
        : body;
    return proto.temporal.api.common.v1.Payload.decode(plain);
  }

  return {
    encode: (payloads) => Promise.all(payloads.map(encode)),
    decode: (payloads) => Promise.all(payloads.map(decode)),
  };
}

const header = (keyId: string, compression: string): Uint8Array =>
  text.encode(JSON.stringify(['login-etl/payload/1', keyId, compression]));

const metadataText = (payload: Payload, name: string): string =>
  fromText.decode(payload.metadata?.[name] ?? new Uint8Array(0));
