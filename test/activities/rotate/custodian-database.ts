import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import { inject } from 'vitest';
import {
  type CustodianActivities,
  createCustodianActivities,
} from '../../../src/activities/rotate/custodian-activities.ts';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { createMasker, maskersById } from '../../../src/crypto/keys/masker.ts';
import { DataKeys } from '../../../src/crypto/vault/data-keys.ts';
import { readOriginal } from '../../../src/crypto/vault/read-original.ts';
import { parseVaultPrivateKey } from '../../../src/crypto/vault/vault-opener.ts';
import type { MaskedField } from '../../../src/domain/login/login-columns.ts';
import type { Masker } from '../../../src/domain/login/masking.ts';
import type { RemaskResult, RowPlace } from '../../../src/domain/rotation/rotation.ts';
import { appendAuditRecord } from '../../../src/postgres/audit/append-audit-record.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { readOriginals } from '../../../src/postgres/vault/read-originals.ts';
import { testKeyring } from '../../crypto/keys/test-keyring.ts';
import { fillVault, insertRows, original, type TestRow } from '../../support/data/vaulted-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const keyring = testKeyring('new', 'old', 'older');
const maskers = maskersById(keyring);

/** The active one, as all rows are to have it. */
export const masker = createMasker({ mode: 'hmac-sha256', keys: keyring });
export const old = maskers.get('old') as Masker;
export const older = maskers.get('older') as Masker;

export const maskedBy = (by: Masker, { ip, device }: TestRow) => ({
  masked_ip: by.mask('ip', original('ip', ip)),
  masked_device_id: by.mask('device_id', original('device_id', device)),
  mask_key_id: by.keyId,
});

type MaskedRow = ReturnType<typeof maskedBy>;

export const RUN_ID = '5f0c7f1e-0000-4000-8000-000000000001';

/** A database, and the custodian's activities on it: as the real role, so that what it may not do fails. */
export class CustodianDatabase {
  readonly database: TestDatabase;
  readonly privateKey = parseVaultPrivateKey(inject('keys')[KEY_FILE_NAMES.vaultPrivateKey] ?? '');
  readonly #custodian: Pool;
  readonly #activities: CustodianActivities;

  constructor(database: TestDatabase) {
    this.database = database;
    this.#custodian = postgresPool(
      { connectionString: database.urls.custodian },
      { applicationName: 'test custodian' },
    );
    const { privateKey } = this;
    this.#activities = createCustodianActivities({
      listPollers: async () => [],
      batchesInFlight: async () => [],
      pool: this.#custodian,
      privateKey,
      masker,
      maskers,
    });
  }

  static async start(): Promise<CustodianDatabase> {
    const database = await createTestDatabase();
    // Steps are only done for a rotation on record.
    const detail = { runId: RUN_ID, toKeyId: 'new' };
    await appendAuditRecord(database.pool, { action: 'rotation.begin', reason: 'test', detail });
    return new CustodianDatabase(database);
  }

  /** The superuser's. */
  get pool(): Pool {
    return this.database.pool;
  }

  async clear(): Promise<void> {
    await this.pool.query('truncate user_logins, vault, vault_set_aside, vault_data_keys');
  }

  async remove(): Promise<void> {
    await this.#custodian.end();
    await this.database.remove();
  }

  /** As a worker runs it. */
  run<N extends keyof CustodianActivities>(
    name: N,
    request: Parameters<CustodianActivities[N]>[0],
  ): Promise<Awaited<ReturnType<CustodianActivities[N]>>> {
    const activity = this.#activities[name] as (given: typeof request) => Promise<never>;
    return new MockActivityEnvironment().run(activity, request);
  }

  step(rows = 100, after?: RowPlace): Promise<RemaskResult> {
    return this.run('remaskBatch', { toKeyId: 'new', rows, after });
  }

  async pass(rows = 100) {
    const total = { remasked: 0, unrecoverable: 0, unreadable: 0, steps: 0 };
    let after: RowPlace | undefined;
    do {
      const { next, ...counts } = await this.step(rows, after);
      for (const name of ['remasked', 'unrecoverable', 'unreadable'] as const) {
        total[name] += counts[name];
      }
      total.steps += 1;
      after = next;
    } while (after);
    return total;
  }

  fill(numbers: readonly number[], by = old): Promise<void> {
    return fillVault(this.pool, this.privateKey.publicKey, by, numbers);
  }

  insert(rows: readonly TestRow[], by = old): Promise<string[]> {
    return insertRows(this.pool, by, rows);
  }

  async rows(): Promise<MaskedRow[]> {
    const { rows } = await this.pool.query<MaskedRow>(
      'select masked_ip, masked_device_id, mask_key_id from user_logins order by create_date, message_id',
    );
    return rows;
  }

  async count(table: string, keyId?: string): Promise<number> {
    const where = keyId === undefined ? '' : `where mask_key_id = '${keyId}'`;
    const { rows } = await this.pool.query<{ rows: number }>(
      `select count(*)::int as rows from ${table} ${where}`,
    );
    return rows[0]?.rows ?? 0;
  }

  /** The plain value that the vault has for a masked one. */
  async reveal(by: Masker, field: MaskedField, number: number): Promise<string | undefined> {
    const maskedHex = by.mask(field, original(field, number));
    const [sealed] = await readOriginals(this.#custodian, [{ field, maskedHex }]);
    return sealed && readOriginal(sealed, new DataKeys(this.privateKey, 10), by);
  }
}
