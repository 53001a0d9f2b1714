import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { KEY_BYTES } from './keyring.ts';

/** A key for one purpose, from a secret that has others (HKDF, RFC 5869). */
export const deriveKey = (secret: string | Uint8Array, purpose: string): KeyObject =>
  createSecretKey(
    Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `login-etl/${purpose}`, KEY_BYTES)),
  );
