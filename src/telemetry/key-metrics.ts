import type { Config } from '../config/config.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { UNKEYED_ID } from '../domain/login/masking.ts';
import { meter } from './meter.ts';

type Keys = Pick<Config, 'masking' | 'payloads' | 'vault'>;

/** Publishes the ids of this worker's keys, and since when the active masking key is in use. Ids are not secret. */
export function setKeyMetrics({ masking, payloads, vault }: Keys): void {
  const info = meter().createGauge(
    'login_etl_key_info',
    'int',
    undefined,
    'Always 1: the keys that the worker holds, and which of them is active',
  );
  const set = (kind: string, keyId: string, active: boolean) =>
    info.set(1, { kind, key_id: keyId, active: String(active) });
  const setRing = (kind: string, { activeId, keys }: Keyring) => {
    for (const id of keys.keys()) set(kind, id, id === activeId);
  };
  if (masking.keys) setRing('masking', masking.keys);
  else set('masking', UNKEYED_ID, true);
  setRing('payload', payloads.keys);
  set('vault', vault.publicKey.id, true);

  const activeId = masking.keys?.activeId;
  const since = activeId && (masking.keySince ?? dayOfKeyId(activeId));
  if (!since) return;
  meter()
    .createGauge(
      'login_etl_masking_key_since_timestamp_seconds',
      'float',
      undefined,
      'Since when the active masking key is in use',
    )
    .set(since.getTime() / 1_000, { key_id: activeId });
}

/** `login-etl keys generate` names a key after the month: `2026-11`. A day and further text may follow. */
export function dayOfKeyId(id: string): Date | undefined {
  const [, month, day] = /^(20\d\d-\d\d)(?:-(\d\d))?(?!\d)/.exec(id) ?? [];
  const date = new Date(`${month}-${day ?? '01'}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
