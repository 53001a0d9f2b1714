import type { Pool } from 'pg';
import { inTransaction } from '../in-transaction.ts';

/** Every insert of a batch holds it, shared, from its beginning to its commit: see `insert-batch.ts`. */
const INSERT_LOCK = 7_236_514_201;

const BEGIN = `begin; select pg_advisory_xact_lock(${INSERT_LOCK})`;

/** Resolves when the inserts that are under way have ended. Those that begin meanwhile wait for these, once. */
export const awaitInserts = (pool: Pool): Promise<void> =>
  inTransaction(pool, BEGIN, async () => undefined);
