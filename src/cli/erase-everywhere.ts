import type { Pool } from 'pg';
import { originalOpener, refuseOtherVaultKeys } from '../crypto/open-originals.ts';
import type { Wanted } from '../domain/mentions.ts';
import type { MaskedValue } from '../domain/sealed-original.ts';
import { appendAuditRecord } from '../postgres/append-audit-record.ts';
import { type EraseTarget, eraseOriginals } from '../postgres/erase-originals.ts';
import { inTransaction } from '../postgres/in-transaction.ts';
import { readOriginals } from '../postgres/read-originals.ts';
import { countReleased } from '../postgres/release-quarantined.ts';
import { TAKE_VAULT_TURN } from '../postgres/vault-turn.ts';
import { Problem } from '../problem.ts';
import { eraseQuarantined } from './erase-quarantined.ts';
import { recordFirst } from './record-first.ts';
import type { Custody } from './with-custody.ts';

// What a rotation has in hand must not come back.
const BEGIN = `begin isolation level read committed; ${TAKE_VAULT_TURN}`;

/** A replay stores what it has in hand, wherever that is erased meanwhile. */
export async function refuseWhileReplayed(pool: Pool): Promise<void> {
  const released = await countReleased(pool);
  if (released === 0) return;
  throw new Problem(
    'nothing was erased',
    `${released} quarantined message(s) are being replayed`,
    'Wait for the replay. If it was broken off, replay them again (`login-etl quarantine replay`), then erase.',
  );
}

/** Quarantine first: it is the vault that knows what to look for there. Counted on record with the last step. */
export async function erase(custody: Custody, target: EraseTarget, reason: string) {
  const { pool } = custody;
  const detail = 'userId' in target ? { ...target } : maskedDetail(target.values);
  // Bodies are opened from here on.
  await recordFirst(pool, { action: 'erase-search', reason, detail });
  const wanted: Wanted =
    'userId' in target
      ? { kind: 'user', userId: target.userId }
      : await openWanted(custody, target.values);
  const quarantine = await eraseQuarantined(custody, wanted);
  return inTransaction(pool, BEGIN, async (client) => {
    const vault = await eraseOriginals(client, target);
    const counted = { ...detail, vault, quarantine };
    const { id } = await appendAuditRecord(client, { action: 'erase', reason, detail: counted });
    return { vault, quarantine, auditId: id };
  });
}

const maskedDetail = (values: readonly MaskedValue[]) => ({
  ips: values.filter(({ field }) => field === 'ip').map(({ maskedHex }) => maskedHex),
  devices: values.filter(({ field }) => field === 'device_id').map(({ maskedHex }) => maskedHex),
});

/** The originals, to find them in quarantined messages, which are not masked. */
async function openWanted({ pool, privateKey }: Custody, values: readonly MaskedValue[]) {
  const sealed = await readOriginals(pool, values);
  refuseOtherVaultKeys(sealed, privateKey);
  const open = originalOpener(privateKey);
  const wanted = { kind: 'values' as const, ips: new Set<string>(), deviceIds: new Set<string>() };
  for (const row of sealed) {
    const original = await open(row);
    if (original !== undefined) {
      (row.field === 'ip' ? wanted.ips : wanted.deviceIds).add(original);
    }
  }
  return wanted;
}
