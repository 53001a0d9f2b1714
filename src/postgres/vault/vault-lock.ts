/**
 * Serializes transactions that remove originals from the vault or store one again under another key, so that an erased
 * original does not come back. Ingestion only adds originals and does not take it. The lock needs UPDATE on the table. A
 * transaction that also needs the lock of inserts takes that second.
 */
export const LOCK_VAULT = 'lock table login_etl_vault_lock in share row exclusive mode';
