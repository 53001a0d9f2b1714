import type { Pool } from 'pg';
import { checkOriginal, originalOpener } from '../../crypto/vault/open-originals.ts';
import type { MaskedField } from '../../domain/login/login-columns.ts';
import type { Wanted } from '../../domain/login/mentions.ts';
import { type MaskedValue, valuesByPlural } from '../../domain/login/sealed-original.ts';
import { Problem } from '../../errors/problem.ts';
import { appendAuditRecord } from '../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../postgres/bounded-transaction.ts';
import { countReleased } from '../../postgres/quarantine/release-quarantined.ts';
import { type EraseTarget, eraseOriginals } from '../../postgres/vault/erase-originals.ts';
import { readOriginals } from '../../postgres/vault/read-originals.ts';
import { LOCK_VAULT } from '../../postgres/vault/vault-lock.ts';
import type { Custody } from '../connect/with-custody.ts';
import { eraseQuarantined } from './erase-quarantined.ts';
import { recordFirst } from './record-first.ts';

/** A replay would store a message again after it was erased. */
export async function refuseWhileReplayed(pool: Pool): Promise<void> {
  const released = await countReleased(pool);
  if (released === 0) return;
  throw new Problem(
    'nothing was erased',
    `${released} quarantined message(s) are being replayed`,
    'Wait for the replay to end. If it was interrupted, repeat it (`login-etl quarantine replay`), then erase.',
  );
}

/**
 * Searches quarantine first, since the originals to look for are in the vault. The last step records the counts.
 * @param includeNear whether messages that only resemble the subject go, too
 */
export async function erase(
  custody: Custody,
  target: EraseTarget,
  { reason, includeNear }: { reason: string; includeNear: boolean },
) {
  const { pool } = custody;
  const detail = 'userId' in target ? { ...target } : valuesByPlural(target.values);
  await recordFirst(pool, { action: 'erase-search', reason, detail });
  const { wanted, unusable, alike } =
    'userId' in target
      ? { wanted: { kind: 'user' as const, userId: target.userId }, unusable: 0, alike: [] }
      : await openWanted(custody, target.values);
  const quarantine = {
    ...(await eraseQuarantined(custody, wanted, includeNear)),
    originalsNotUsable: unusable,
  };
  // A rotation step must not write back what is erased here.
  return boundedTransaction(pool, LOCK_VAULT, async (client) => {
    const vault = await eraseOriginals(client, target, alike);
    const counted = {
      ...detail,
      vault,
      quarantine: { ...quarantine, near: quarantine.near.length },
    };
    const { id } = await appendAuditRecord(client, { action: 'erase', reason, detail: counted });
    return { vault, quarantine, auditId: id };
  });
}

/**
 * The originals, since quarantined messages are not masked. A row that does not open, or whose original is not that of
 * its masked value, is left out: it must neither block the erasure nor direct it at somebody else's messages.
 */
async function openWanted(
  { pool, privateKey, maskers }: Custody,
  values: readonly MaskedValue[],
): Promise<{ wanted: Wanted; unusable: number; alike: MaskedValue[] }> {
  const open = originalOpener(privateKey);
  const originals = new Map<MaskedField, Set<string>>();
  let unusable = 0;
  for (const row of await readOriginals(pool, values)) {
    const original = await open(row);
    if (original === undefined || checkOriginal(row, original, maskers) === 'does not match') {
      unusable += 1;
    } else originals.set(row.field, (originals.get(row.field) ?? new Set()).add(original));
  }
  const alike = [...originals].flatMap(([field, values]) =>
    [...values].flatMap((value) =>
      [...maskers.values()].map((masker) => ({ field, maskedHex: masker.mask(field, value) })),
    ),
  );
  return { wanted: { kind: 'values', originals }, unusable, alike };
}
