import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import { type Keyring, parseKeyring } from '../../src/crypto/keys/keyring.ts';
import { createMasker } from '../../src/crypto/keys/masker.ts';
import {
  newDataKey,
  originalContext,
  parseVaultPublicKey,
  sealBody,
} from '../../src/crypto/vault/vault-envelope.ts';
import type { MaskedField } from '../../src/domain/login/login-columns.ts';
import { maskBodies } from './data/mask-bodies.ts';
import type { TestDatabase } from './servers/test-database.ts';

export type AuditRow = {
  id: string;
  actor: string;
  action: string;
  reason: string;
  detail: Record<string, unknown>;
};

export type Custody = {
  /** The settings of a custodian's command. */
  env: Record<string, string>;
  user: string;
  mask(field: MaskedField, value: string): string;
  /** Stores logins and their originals as the worker does. @returns their message ids */
  storeLogins(bodies: readonly string[], options?: { sentAtMs?: number }): Promise<string[]>;
  /** @returns the message ids */
  quarantine(bodies: readonly string[], reason?: string): Promise<string[]>;
  /** Puts a false original into the vault, as a compromised worker could before the first login with the value. */
  plantOriginal(field: MaskedField, maskedHex: string, original: string): Promise<void>;
  auditRows(): Promise<AuditRow[]>;
  clear(): Promise<void>;
  /** Revokes a privilege while `act` runs. */
  without<T>(privilege: string, act: () => Promise<T>): Promise<T>;
};

/** The custodian's environment, and functions that fill the vault and the quarantine. */
export function custodyOf(database: TestDatabase): Custody {
  const keys = inject('keys');
  const { pool } = database;
  const vaultKey = parseVaultPublicKey(keys[KEY_FILE_NAMES.vaultPublicKey] ?? '');
  const masking = keys[KEY_FILE_NAMES.maskingKeys] ?? '';
  const masker = createMasker({ mode: 'hmac-sha256', keys: parseKeyring(masking) as Keyring });

  async function seal(field: MaskedField, value: string, maskedHex: string) {
    const dataKey = newDataKey(vaultKey);
    const id = randomUUID();
    const { rowCount } = await pool.query(
      `insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
       values (decode($1, 'hex'), $2, $3, $4, $5) on conflict do nothing`,
      [maskedHex, field, masker.keyId, id, dataKey.seal(value, originalContext(field, maskedHex))],
    );
    if (rowCount === 0) return;
    await pool.query(
      'insert into vault_data_keys (id, vault_key_id, wrapped_key) values ($1, $2, $3)',
      [id, dataKey.vaultKeyId, dataKey.wrappedKey],
    );
  }

  return {
    env: {
      DATABASE_URL: database.urls.custodian,
      VAULT_PRIVATE_KEY: keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
      MASKING_KEYS: masking,
    },
    user: new URL(database.urls.custodian).username,
    mask: (field, value) => masker.mask(field, value),
    async storeLogins(bodies, { sentAtMs = Date.now() } = {}) {
      const { rows, maskKeyId } = maskBodies(bodies, masker);
      const ids = bodies.map(() => randomUUID());
      for (const [index, body] of bodies.entries()) {
        const { ip, device_id } = JSON.parse(body) as { ip: string; device_id: string };
        await pool.query(
          `insert into user_logins
           values ($1, $2, $3, $4, $5, $6, to_timestamp($7 / 1000.0) at time zone 'utc', $8, $9,
             to_timestamp($7 / 1000.0), now(), $10, 1)`,
          [
            ...[rows.userIds[index], rows.deviceTypes[index], rows.maskedIps[index]],
            ...[rows.maskedDeviceIds[index], rows.locales[index], rows.appVersions[index]],
            ...[sentAtMs, ids[index], maskKeyId, randomUUID()],
          ],
        );
        await seal('ip', ip, rows.maskedIps[index] as string);
        await seal('device_id', device_id, rows.maskedDeviceIds[index] as string);
      }
      return ids;
    },
    async quarantine(bodies, reason = 'message: is not JSON') {
      const ids = bodies.map(() => randomUUID());
      for (const [index, body] of bodies.entries()) {
        const id = ids[index] as string;
        await pool.query(
          `insert into quarantine (message_id, create_date, sent_at, reason, sealed_body, vault_key_id, run_id, batch_number)
           values ($1, now() at time zone 'utc', now(), $2, $3, $4, $5, 1)`,
          [id, reason, sealBody(newDataKey(vaultKey), body, id), vaultKey.id, randomUUID()],
        );
      }
      return ids;
    },
    async plantOriginal(field, maskedHex, original) {
      await pool.query(`delete from vault where masked_value = decode($1, 'hex')`, [maskedHex]);
      await seal(field, original, maskedHex);
    },
    auditRows: async () =>
      (
        await pool.query<AuditRow>(
          'select id::text, actor, action, reason, detail from audit_log order by audit_log.id',
        )
      ).rows,
    async clear() {
      await pool.query(
        'truncate user_logins, quarantine, vault, vault_set_aside, vault_data_keys, ingest_runs, quarantine_departures, quarantine_versions',
      );
    },
    async without(privilege, act) {
      await pool.query(`revoke ${privilege} from login_etl_custodian`);
      try {
        return await act();
      } finally {
        await pool.query(`grant ${privilege} to login_etl_custodian`);
      }
    },
  };
}
