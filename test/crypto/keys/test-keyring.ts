import { randomBytes } from 'node:crypto';
import { type Keyring, parseKeyring } from '../../../src/crypto/keys/keyring.ts';

/** A keyring of fresh keys, the first id active. */
export function testKeyring(...ids: [string, ...string[]]): Keyring {
  const keys = Object.fromEntries(ids.map((id) => [id, randomBytes(32).toString('base64')]));
  const keyring = parseKeyring(JSON.stringify({ active: ids[0], keys }));
  if (Array.isArray(keyring)) throw new Error(keyring.join('; '));
  return keyring;
}
