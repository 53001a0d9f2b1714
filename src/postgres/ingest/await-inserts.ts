import type { Pool } from 'pg';
import { boundedTransaction } from '../bounded-transaction.ts';
import { lockInserts } from './insert-lock.ts';

/**
 * Resolves when the inserts that are under way have ended. Those that begin meanwhile wait for these, once.
 * @throws LockedOut when one of them takes too long
 */
export const awaitInserts = (pool: Pool): Promise<void> =>
  boundedTransaction(pool, undefined, (client) => lockInserts(client, 'alone'));
