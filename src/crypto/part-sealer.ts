import type { Part } from '../domain/parts.ts';
import type { Keyring } from './keyring.ts';
import { payloadCipher } from './payload-cipher.ts';

const PURPOSE = 'login-etl/part/1';
/** The first bytes of every part: what does not begin so is not let out to Temporal. */
const MAGIC = Buffer.from('LEP1');
const COMPRESSIONS = ['none', 'zstd'];

export type PartSealer = {
  seal<T>(value: T): Promise<Part<T>>;
  open<T>(part: Part<T>): Promise<T>;
};

/**
 * Seals columns of a batch once, where they are made, and opens them where they are used: on the way through the
 * workflow nobody has to read them. A part is magic (4), compression (1), length of the key id (1), key id, and what
 * `payload-cipher.ts` makes of the JSON.
 */
export function partSealer(keyring: Keyring): PartSealer {
  const cipher = payloadCipher(keyring, PURPOSE);
  return {
    async seal(value) {
      const { keyId, compression, data } = await cipher.encrypt(Buffer.from(JSON.stringify(value)));
      const id = Buffer.from(keyId);
      const header = Buffer.from([COMPRESSIONS.indexOf(compression), id.length]);
      return Buffer.concat([MAGIC, header, id, data]);
    },
    async open(part) {
      if (!isSealedPart(part)) throw new Error('a part of a batch is not sealed as one');
      const [compression = 0, idBytes = 0] = part.subarray(MAGIC.length);
      const idAt = MAGIC.length + 2;
      const dataAt = idAt + idBytes;
      const plain = await cipher.decrypt({
        keyId: Buffer.from(part.subarray(idAt, dataAt)).toString(),
        compression: COMPRESSIONS[compression] ?? '',
        data: part.subarray(dataAt),
      });
      return JSON.parse(plain.toString('utf8'));
    },
  };
}

export const isSealedPart = (bytes: Uint8Array): boolean =>
  MAGIC.equals(bytes.subarray(0, MAGIC.length));
