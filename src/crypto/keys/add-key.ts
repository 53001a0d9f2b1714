import { randomBytes } from 'node:crypto';
import { KEY_BYTES, type KeyUse } from './keyring.ts';

/** A keyring's file: the given keys, and a new one, which is active. The text is secret. */
export function withNewKey(
  keys: Readonly<Record<string, string>>,
  use: KeyUse,
  id: string,
): string {
  const added = { ...keys, [id]: randomBytes(KEY_BYTES).toString('base64') };
  return `${JSON.stringify({ use, active: id, keys: added }, null, 2)}\n`;
}

/** The month, or where that is taken, the month and a number. */
export function freeKeyId(taken: Iterable<string>, now = new Date()): string {
  const ids = new Set(taken);
  const month = now.toISOString().slice(0, 7);
  let id = month;
  for (let number = 2; ids.has(id); number += 1) id = `${month}.${number}`;
  return id;
}
