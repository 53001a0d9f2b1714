/**
 * Whoever takes originals out of the vault, or puts one in again under another key, takes turns: an original that was
 * erased meanwhile must not come back. Ingestion only adds, and does not take it. The lock needs UPDATE on the table.
 * Whoever needs the lock of inserts, too, takes it after this one.
 */
export const LOCK_VAULT = 'lock table login_etl_vault_lock in share row exclusive mode';
