import type { Keyring } from '../../crypto/keys/keyring.ts';
import { UNKEYED_ID } from '../../domain/login/masking.ts';
import { tryReadSettings } from '../connect/read-settings.ts';

type Ring = { active: string; others: string[] };

/** The ids of the keys that are configured here; null for a kind that is not, which the worker may have. */
export type ConfiguredKeys = { masking: Ring | null; payloads: Ring | null; vault: string | null };

export function configuredKeys(): ConfiguredKeys {
  const masking = tryReadSettings(['masking'])?.masking;
  const payloads = tryReadSettings(['payloads'])?.payloads;
  return {
    masking: masking?.mode === 'sha256' ? { active: UNKEYED_ID, others: [] } : ring(masking?.keys),
    payloads: ring(payloads?.keys),
    vault: tryReadSettings(['vault'])?.vault.publicKey.id ?? null,
  };
}

const ring = (keys: Keyring | undefined): Ring | null =>
  keys
    ? {
        active: keys.activeId,
        others: [...keys.keys.keys()].filter((id) => id !== keys.activeId),
      }
    : null;
