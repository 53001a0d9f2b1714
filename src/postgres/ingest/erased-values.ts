import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { MaskedField } from '../../domain/login/login-columns.ts';

/** Says whether an original was erased after the message that brings it was sent. */
export type IsErased = (field: MaskedField, maskedHex: string, sentAtMs: number) => boolean;

// Few, and mostly none: only what was erased since the batch's oldest message was sent.
const READ = `
  select encode(value_hash, 'hex') as hash, extract(epoch from erased_at)::float8 * 1000 as "erasedAtMs"
  from erased_values where erased_at >= to_timestamp($1 / 1000.0)`;

/**
 * A batch may come a second time after an erasure, by a reset of its run or from copies of its payloads: what its messages hold
 * was erased, too, and stays erased. For the transaction that stores the batch.
 */
export async function readErased(
  client: PoolClient,
  sentAtMs: readonly number[],
): Promise<IsErased> {
  const oldest = sentAtMs.reduce((least, each) => Math.min(least, each), Date.now());
  const { rows } = await client.query<{ hash: string; erasedAtMs: number }>(READ, [oldest]);
  if (rows.length === 0) return () => false;
  const erasedAt = new Map(rows.map(({ hash, erasedAtMs }) => [hash, erasedAtMs]));
  return (field, maskedHex, sentAt) => sentAt <= (erasedAt.get(hashOf(field, maskedHex)) ?? 0);
}

/** As `vault/erase-originals.ts` has it. */
const hashOf = (field: MaskedField, maskedHex: string): string =>
  createHash('sha256').update(`${field}:`).update(Buffer.from(maskedHex, 'hex')).digest('hex');
