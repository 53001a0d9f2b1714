import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { openAesGcm, sealAesGcm } from '../aes-gcm.ts';
import { activeKey, isKeyId, type Keyring } from '../keys/keyring.ts';
import { UnknownPayloadKey } from './unknown-payload-key.ts';

/** Compression makes smaller payloads larger. */
const COMPRESS_FROM_BYTES = 256;
/** More than twice the size of the largest batch. */
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
const NOT_A_KEY_ID = '(not a key id)';
const ZSTD_PARAMETERS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

type Compression = 'none' | 'zstd';
/** Called with each ciphertext before it is decrypted, even if that fails. */
type OnDecrypt = (ciphertext: { keyId: string; data: Uint8Array }) => void;
export type Encrypted = { keyId: string; compression: string; data: Uint8Array };

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export type DecryptOptions = {
  onDecrypt?: OnDecrypt | undefined;
  /** The limit for one ciphertext. */
  maxDecompressedBytes?: number;
  /** What remains of the limit for all ciphertexts. Decrypt them one at a time, since concurrent calls would exceed it. */
  budget?: { bytes: number } | undefined;
};

type PayloadCipher = {
  /** @param boundTo authenticated with the data; decryption needs the same values */
  encrypt(
    plain: Uint8Array,
    boundTo?: readonly string[],
  ): Promise<Encrypted & { compression: Compression }>;
  decrypt(encrypted: Encrypted, boundTo?: readonly string[]): Promise<Buffer>;
};

/**
 * Compresses (zstd) and encrypts (AES-256-GCM, random nonce) with the active payload key. Decrypts with the key that the
 * payload names. Purpose, key id and compression are authenticated.
 */
export function payloadCipher(
  keyring: Keyring,
  purpose: string,
  {
    onDecrypt,
    maxDecompressedBytes = MAX_DECOMPRESSED_BYTES,
    budget = { bytes: Number.POSITIVE_INFINITY },
  }: DecryptOptions = {},
): PayloadCipher {
  const active = activeKey(keyring);
  const header = (keyId: string, compression: string, boundTo: readonly string[]) =>
    JSON.stringify([purpose, keyId, compression, ...boundTo]);
  return {
    async encrypt(plain, boundTo = []) {
      const compression = plain.length >= COMPRESS_FROM_BYTES ? 'zstd' : 'none';
      const body = compression === 'zstd' ? await compress(plain, ZSTD_PARAMETERS) : plain;
      const data = sealAesGcm(body, {
        key: active.key,
        context: header(active.id, compression, boundTo),
      });
      return { keyId: active.id, compression, data };
    },

    async decrypt({ keyId, compression, data }, boundTo = []) {
      const key = keyring.keys.get(keyId) ?? keyring.findAdded?.(keyId);
      onDecrypt?.({ keyId, data });
      if (!key) throw new UnknownPayloadKey(isKeyId(keyId) ? keyId : NOT_A_KEY_ID);
      const body = openAesGcm(data, key, header(keyId, compression, boundTo));
      if (compression !== 'zstd') return body;
      const maxOutputLength = Math.min(maxDecompressedBytes, budget.bytes);
      if (maxOutputLength < 1) throw new RangeError('too much to decompress at once');
      const plain = await decompress(body, { maxOutputLength });
      budget.bytes -= plain.length;
      return plain;
    },
  };
}
