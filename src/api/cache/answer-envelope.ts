import { createHmac, type KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { openAesGcm, sealAesGcm } from '../../crypto/aes-gcm.ts';
import type { PgSnapshot } from './pg-snapshot.ts';
import type { Scope } from './touched-slots.ts';

/** An answer, and what tells whether it is still right. */
export type KeptAnswer = {
  /** An object in JSON. */
  body: string;
  /** Where the next page begins. */
  last?: readonly string[];
  scope: Scope;
  snapshot: PgSnapshot;
};

export const MAX_ENVELOPE_BYTES = 1_048_576;
const MAX_OPENED_BYTES = 16 * MAX_ENVELOPE_BYTES;
const COMPRESSION = { level: 1 };

export const KEY_PREFIX = 'login-etl:answer:1:';

/** A name that tells nothing about the query, and differs for callers who may see something else. */
export const nameOf = (secret: KeyObject, query: object): string =>
  KEY_PREFIX + createHmac('sha256', secret).update(JSON.stringify(query)).digest('base64url');

/** Compresses and encrypts an answer, for the place with this name only. */
export function sealAnswer(answer: KeptAnswer, key: KeyObject, name: string): Buffer {
  const plain = deflateRawSync(JSON.stringify(answer), COMPRESSION);
  return sealAesGcm(plain, { key, context: name });
}

/** Undefined for what this service did not write to this place. */
export function openAnswer(sealed: Buffer, key: KeyObject, name: string): KeptAnswer | undefined {
  try {
    const plain = openAesGcm(sealed, key, name);
    const json = inflateRawSync(plain, { maxOutputLength: MAX_OPENED_BYTES });
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}
