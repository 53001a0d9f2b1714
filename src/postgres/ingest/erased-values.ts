import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { MaskedField } from '../../domain/login/login-columns.ts';

/** Says whether an original was erased after the message that brings it was sent, or its account was. */
export type IsErased = (
  field: MaskedField,
  maskedHex: string,
  sentAtMs: number,
  userId: string,
) => boolean;

// Few, and mostly none: only what was erased since the batch's oldest message was sent.
const READ = `
  select encode(value_hash, 'hex') as hash, extract(epoch from erased_at)::float8 * 1000 as "erasedAtMs"
  from erased_values where erased_at >= to_timestamp($1 / 1000.0)`;

/**
 * A batch may come a second time after an erasure, by a reset of its run, a recovery, or from copies of its payloads: what
 * its messages hold was erased, too, and stays erased. The account counts by itself, since a message may hold values that
 * were masked with another key than the rows had at the erasure. For the transaction that stores the batch.
 */
export async function readErased(
  client: PoolClient,
  sentAtMs: readonly number[],
): Promise<IsErased> {
  const oldest = sentAtMs.reduce((least, each) => Math.min(least, each), Date.now());
  const { rows } = await client.query<{ hash: string; erasedAtMs: number }>(READ, [oldest]);
  if (rows.length === 0) return () => false;
  const erasedAt = new Map(rows.map(({ hash, erasedAtMs }) => [hash, erasedAtMs]));
  const isErased = (hash: string, sentAt: number) => sentAt <= (erasedAt.get(hash) ?? 0);
  return (field, maskedHex, sentAt, userId) =>
    isErased(hashOf(`${field}:`, Buffer.from(maskedHex, 'hex')), sentAt) ||
    isErased(hashOf(USER_PREFIX, Buffer.from(userId)), sentAt);
}

/** What an account's hash begins with, as those of values begin with their field. */
export const USER_PREFIX = 'user_id:';

/** As `vault/erase-originals.ts` has it. */
const hashOf = (prefix: string, value: Buffer): string =>
  createHash('sha256').update(prefix).update(value).digest('hex');
