/**
 * Whoever takes originals out of the vault, or puts one in again under another key, takes turns: an original must not
 * come back that was erased meanwhile. Ingestion only adds, and does not wait. Any constant that nobody else uses.
 */
export const LOCK_VAULT = 'select pg_advisory_xact_lock(7236514203)';
