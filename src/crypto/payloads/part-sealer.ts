import { fromPart, type JsonSealer, type PartSealer, toPart } from '../../batch/part.ts';
import type { Keyring } from '../keys/keyring.ts';
import { type OnDecrypt, payloadCipher } from './payload-cipher.ts';

const PURPOSE = 'login-etl/part/1';

/** Seals the columns of a batch once, where they are made, and opens them where they are used (`batch/part.ts`). */
export function jsonSealer(keyring: Keyring, onDecrypt?: OnDecrypt): JsonSealer {
  const cipher = payloadCipher(keyring, PURPOSE, onDecrypt);
  return {
    sealJson: async (json) => toPart(await cipher.encrypt(Buffer.from(json))),
    openJson: async (part) => (await cipher.decrypt(fromPart(part))).toString('utf8'),
  };
}

export function partSealer(keyring: Keyring, onDecrypt?: OnDecrypt): PartSealer {
  const { sealJson, openJson } = jsonSealer(keyring, onDecrypt);
  return {
    seal: (value) => sealJson(JSON.stringify(value)),
    open: async (part) => JSON.parse(await openJson(part)),
  };
}
