import type { Command } from 'commander';
import type { Pool } from 'pg';
import { maskersById } from '../../crypto/keys/masker.ts';
import type { VaultPrivateKey } from '../../crypto/vault/vault-opener.ts';
import { vaultPrivateKey } from '../../crypto/vault/vault-private-key.ts';
import type { Masker } from '../../domain/login/masking.ts';
import { readSettings, tryReadSettings } from './read-settings.ts';
import { withDatabase } from './with-database.ts';

export type Custody = {
  pool: Pool;
  privateKey: VaultPrivateKey;
  /** By key id: those whose masking keys are configured, and the unkeyed one. */
  maskers: ReadonlyMap<string, Masker>;
};

/** What a custodian's command works with: the database, and the key that opens what is sealed. */
export async function withCustody<T>(
  command: Command,
  act: (custody: Custody) => Promise<T>,
): Promise<T> {
  const { postgres, custodian } = readSettings(command, ['postgres', 'custodian']);
  const privateKey = await vaultPrivateKey(custodian);
  const maskers = maskersById(tryReadSettings(['masking'])?.masking.keys);
  return withDatabase(command, postgres, (pool) => act({ pool, privateKey, maskers }));
}
