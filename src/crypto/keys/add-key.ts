import { randomBytes } from 'node:crypto';
import { monthOf } from '../../domain/tables/days.ts';
import { KEY_BYTES, type KeyUse } from './keyring.ts';

/** Returns the text of a keyring file with the given keys and a new, active one. The text is secret. */
export function withNewKey(
  keys: Readonly<Record<string, string>>,
  use: KeyUse,
  id: string,
): string {
  const added = { ...keys, [id]: randomBytes(KEY_BYTES).toString('base64') };
  return `${JSON.stringify({ use, active: id, keys: added }, null, 2)}\n`;
}

/** Returns the month or, if that id is taken, the month and a number. */
export function freeKeyId(taken: Iterable<string>, now = new Date()): string {
  const ids = new Set(taken);
  const month = monthOf(now);
  let id = month;
  for (let number = 2; ids.has(id); number += 1) id = `${month}.${number}`;
  return id;
}
