import type { Keyring } from '../crypto/keys/keyring.ts';
import { type OnDecrypt, payloadCipher } from '../crypto/payloads/payload-cipher.ts';
import { isSealedPart, KEY_ID_AT, PART_MAGIC } from './part-reference.ts';
import type { Part } from './parts-payload.ts';

const PURPOSE = 'login-etl/part/1';
const COMPRESSIONS = ['none', 'zstd'];

export type PartSealer = {
  seal<T>(value: T): Promise<Part<T>>;
  open<T>(part: Part<T>): Promise<T>;
};

/** The same for what is JSON already. */
export type JsonSealer = {
  sealJson(json: string): Promise<Uint8Array>;
  openJson(part: Uint8Array): Promise<string>;
};

/**
 * Seals columns of a batch once, where they are made, and opens them where they are used: on the way through the
 * workflow nobody has to read them. A part is magic (4; what does not begin so is not let out to Temporal),
 * compression (1), length of the key id (1), key id, and what `payload-cipher.ts` makes of the JSON: its nonce first.
 */
export function jsonSealer(keyring: Keyring, onDecrypt?: OnDecrypt): JsonSealer {
  const cipher = payloadCipher(keyring, PURPOSE, onDecrypt);
  return {
    async sealJson(json) {
      const { keyId, compression, data } = await cipher.encrypt(Buffer.from(json));
      const id = Buffer.from(keyId);
      const header = Buffer.from([COMPRESSIONS.indexOf(compression), id.length]);
      return Buffer.concat([PART_MAGIC, header, id, data]);
    },
    async openJson(part) {
      if (!isSealedPart(part)) throw new Error('a part of a batch is not sealed as one');
      const [compression = 0, idBytes = 0] = part.subarray(PART_MAGIC.length);
      const dataAt = KEY_ID_AT + idBytes;
      const plain = await cipher.decrypt({
        keyId: Buffer.from(part.subarray(KEY_ID_AT, dataAt)).toString(),
        compression: COMPRESSIONS[compression] ?? '',
        data: part.subarray(dataAt),
      });
      return plain.toString('utf8');
    },
  };
}

export function partSealer(keyring: Keyring, onDecrypt?: OnDecrypt): PartSealer {
  const { sealJson, openJson } = jsonSealer(keyring, onDecrypt);
  return {
    seal: (value) => sealJson(JSON.stringify(value)),
    open: async (part) => JSON.parse(await openJson(part)),
  };
}
