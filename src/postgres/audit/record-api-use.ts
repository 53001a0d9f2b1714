import type { Pool } from 'pg';
import { boundedTransaction } from '../bounded-transaction.ts';

/** An audit record of the read service, whose role can write no others. */
type ApiRecord = { reason: string; detail: Record<string, unknown> };

/**
 * Commits the record of a lookup before its answer.
 * @returns false when the caller has looked up as many different values today as it may; that is on record, too
 */
export async function recordLookup(
  pool: Pool,
  {
    caller,
    value,
    valuesPerDay,
    reason,
    detail,
  }: ApiRecord & { caller: string; value: Buffer; valuesPerDay: number },
): Promise<boolean> {
  const { rows } = await boundedTransaction(pool, undefined, (client) =>
    client.query<{ id: string | null }>(
      'select login_etl_record_lookup($1, $2, $3, $4, $5) as id',
      [caller, value, valuesPerDay, reason, JSON.stringify(detail)],
    ),
  );
  return rows[0]?.id != null;
}

/** Commits the record of a download before its first byte. */
export async function recordDownload(pool: Pool, { reason, detail }: ApiRecord): Promise<void> {
  await boundedTransaction(pool, undefined, (client) =>
    client.query('select login_etl_record_export($1, $2)', [reason, JSON.stringify(detail)]),
  );
}

type BegunExport = { id: string; createdAt: Date; sameRequest: boolean; isNew: boolean };

/** Commits an export and its record; finds the one that the caller began with the same key. */
export async function beginExport(
  pool: Pool,
  {
    caller,
    idempotencyKey,
    request,
    sealedQuery,
    reason,
    detail,
  }: ApiRecord & { caller: string; idempotencyKey: Buffer; request: Buffer; sealedQuery: Buffer },
): Promise<BegunExport> {
  const { rows } = await boundedTransaction(pool, undefined, (client) =>
    client.query<BegunExport>(
      `select id, created_at as "createdAt", same_request as "sameRequest", is_new as "isNew"
       from login_etl_begin_export($1, $2, $3, $4, $5, $6)`,
      [caller, idempotencyKey, request, sealedQuery, reason, JSON.stringify(detail)],
    ),
  );
  const [begun] = rows;
  if (!begun) throw new Error('an export was neither begun nor found');
  return begun;
}

/** Undefined for an export that is older than a day, of another caller, or none. */
export async function findExport(
  pool: Pool,
  { id, caller }: { id: string; caller: string },
): Promise<{ sealedQuery: Buffer; createdAt: Date } | undefined> {
  const { rows } = await pool.query<{ sealedQuery: Buffer; createdAt: Date }>(
    `select sealed_query as "sealedQuery", created_at as "createdAt" from login_etl_find_export($1, $2)`,
    [id, caller],
  );
  return rows[0];
}
