import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** Versions of a secret. One is active; the others still decode. */
export type Keyring = {
  activeId: string;
  keys: ReadonlyMap<string, KeyObject>;
  /** Looks for a key that was added to the keyring's file since. */
  findAdded?(id: string): KeyObject | undefined;
};

/** Anyone in the namespace can send payloads with unknown key ids. */
const READ_AGAIN_AFTER_MS = 5_000;

/** The purpose of a keyring. A file that names its purpose is refused for another one. */
export type KeyUse = 'masking' | 'payload';

export const KEY_BYTES = 32;

export const isKeyId = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id);

const keyringSchema = z.strictObject({
  use: z.enum(['masking', 'payload']).optional(),
  active: z.string(),
  keys: z.record(z.string(), z.string()),
});

/**
 * Reads `{"active": "2026-11", "keys": {"2026-11": "<base64 of 32 bytes>"}}`.
 * Problems name the rule and the key's id, never any part of a key.
 * @returns the keyring or its problem
 */
export function parseKeyring(
  json: string,
  reservedIds: readonly string[] = [],
  use?: KeyUse,
): Keyring | string[] {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    return ['is not JSON'];
  }
  const parsed = keyringSchema.safeParse(raw);
  if (!parsed.success) {
    return ['must be a JSON object {"active": "ID", "keys": {"ID": "base64 of 32 bytes"}}'];
  }
  const { active, keys } = parsed.data;
  if (use && parsed.data.use && parsed.data.use !== use) {
    return [`holds ${parsed.data.use} keys: they have another place`];
  }
  const problems: string[] = [];
  const usable = new Map<string, KeyObject>();
  for (const [id, encoded] of Object.entries(keys)) {
    if (!isKeyId(id) || reservedIds.includes(id)) {
      problems.push(
        'has a key id that is not 1 to 64 letters, digits, ".", "_" or "-", or is reserved',
      );
      continue;
    }
    const secret = Buffer.from(encoded, 'base64');
    if (secret.length !== KEY_BYTES || secret.toString('base64') !== encoded) {
      problems.push(`key ${id} is not the base64 of ${KEY_BYTES} bytes`);
      continue;
    }
    usable.set(id, createSecretKey(secret));
  }
  if (problems.length === 0 && !usable.has(active)) {
    problems.push('names an active key that is not among its keys');
  }
  return problems.length > 0 ? problems : { activeId: active, keys: usable };
}

/** Adds keys that appear in the file while the program runs. Known ids keep their key, and the active key stays. */
export function withAddedKeys({ activeId, ...known }: Keyring, readAgain: () => Keyring): Keyring {
  const keys = new Map(known.keys);
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    activeId,
    keys,
    findAdded(id) {
      if (performance.now() - readAtMs > READ_AGAIN_AFTER_MS) {
        readAtMs = performance.now();
        for (const [added, key] of readAgain().keys) if (!keys.has(added)) keys.set(added, key);
      }
      return keys.get(id);
    },
  };
}

/** Reports whether both encode with the same key. */
export const haveSameActiveKey = (one: Keyring, other: Keyring): boolean =>
  one.activeId === other.activeId && activeKey(one).key.equals(activeKey(other).key);

/** The key for new data. */
export function activeKey(keyring: Keyring): { id: string; key: KeyObject } {
  const key = keyring.keys.get(keyring.activeId);
  if (!key) throw new Error('a keyring without its active key was let in');
  return { id: keyring.activeId, key };
}

/** Returns the id of a key that is in both keyrings, if there is one. */
export function keyInBoth(one: Keyring, other: Keyring): string | undefined {
  const others = [...other.keys.values()];
  return [...one.keys].find(([, key]) => others.some((same) => same.equals(key)))?.[0];
}
