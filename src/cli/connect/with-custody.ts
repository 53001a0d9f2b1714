import type { Command } from 'commander';
import type { Pool } from 'pg';
import type { VaultPrivateKey } from '../../crypto/vault/vault-opener.ts';
import { vaultPrivateKey } from '../../crypto/vault/vault-private-key.ts';
import { readSettings } from './read-settings.ts';
import { withDatabase } from './with-database.ts';

export type Custody = { pool: Pool; privateKey: VaultPrivateKey };

/** What a custodian's command works with: the database, and the key that opens what is sealed. */
export async function withCustody<T>(
  command: Command,
  act: (custody: Custody) => Promise<T>,
): Promise<T> {
  const { postgres, custodian } = readSettings(command, ['postgres', 'custodian']);
  const privateKey = await vaultPrivateKey(custodian);
  return withDatabase(postgres, commandPath(command), (pool) => act({ pool, privateKey }));
}

/** `quarantine show`: without the program's name. */
export function commandPath(command: Command): string {
  const parent = command.parent;
  return parent?.parent ? `${commandPath(parent)} ${command.name()}` : command.name();
}
