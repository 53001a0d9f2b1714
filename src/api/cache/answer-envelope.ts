import { createHmac, type KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { openAesGcm, sealAesGcm } from '../../crypto/aes-gcm.ts';
import type { PgSnapshot } from './pg-snapshot.ts';
import type { Scope } from './touched-slots.ts';

/** An answer, and what tells whether it is still right. */
export type KeptAnswer = {
  /** An object in JSON. */
  body: Buffer;
  /** Where the next page begins. */
  last?: readonly string[];
  scope: Scope;
  snapshot: PgSnapshot;
};

export const MAX_ENVELOPE_BYTES = 1_048_576;
const MAX_OPENED_BYTES = 16 * MAX_ENVELOPE_BYTES;
/** Answers are small: with the usual buffers, setting them up takes longer than the work. */
const COMPRESSION = { level: 1, memLevel: 5, windowBits: 13 };
const CHUNK_BYTES = 4_096;

export const KEY_PREFIX = 'login-etl:answer:2:';

const LENGTH_BYTES = 4;

/** A name that tells nothing about the query. */
export const nameOf = (secret: KeyObject, query: string): string =>
  KEY_PREFIX + createHmac('sha256', secret).update(query).digest('base64url');

/** Compresses and encrypts an answer, for the place with this name only. */
export function sealAnswer({ body, ...rest }: KeptAnswer, key: KeyObject, name: string): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  const plain = Buffer.concat([length, body, Buffer.from(JSON.stringify(rest))]);
  return sealAesGcm(deflateRawSync(plain, COMPRESSION), { key, context: name });
}

/** Undefined for what this service did not write to this place. */
export function openAnswer(sealed: Buffer, key: KeyObject, name: string): KeptAnswer | undefined {
  try {
    const opened = openAesGcm(sealed, key, name);
    const plain = inflateRawSync(opened, {
      maxOutputLength: MAX_OPENED_BYTES,
      chunkSize: CHUNK_BYTES,
    });
    const end = LENGTH_BYTES + plain.readUInt32BE();
    const body = plain.subarray(LENGTH_BYTES, end);
    return { body, ...JSON.parse(plain.toString('utf8', end)) };
  } catch {
    return undefined;
  }
}
