import { createHash } from 'node:crypto';
import { isKeyId } from '../crypto/keys/keyring.ts';
import type { Ciphertext } from '../crypto/payloads/readable-payloads.ts';
import type { Caller } from '../http/authenticate.ts';
import type { AuditRecord } from '../postgres/audit/append-audit-record.ts';
import type { AskedAbout } from './asked-about.ts';

/** Above what Postgres waits for the audit log: reached when Postgres itself does not answer. */
const ANSWER_WITHIN_MS = 5_500;
/** The Web UI sends a request for each event it shows: those of one page make one record. */
const GATHER_MS = 100;
const UNSTATED = 'none given to the codec server';

/** For each payload, the ciphertexts in it that were opened. */
type Opened = readonly (readonly Ciphertext[])[];
type Group = { caller: Caller; about: AskedAbout; requests: Opened[]; committed: Promise<void> };

export type RecordDecodes = (caller: Caller, about: AskedAbout, opened: Opened) => Promise<void>;

/**
 * Resolves once the record is committed. Requests of one caller about the same workflow that arrive within GATHER_MS
 * share a record, and all wait for it.
 */
export function decodeRecorder(append: (record: AuditRecord) => Promise<unknown>): RecordDecodes {
  const gathering = new Map<string, Group>();

  async function commit(key: string, group: Group): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    gathering.delete(key);
    await within(ANSWER_WITHIN_MS, append(recordOf(group)));
  }

  return (caller, about, opened) => {
    const key = JSON.stringify([caller, about]);
    let group = gathering.get(key);
    if (!group) {
      group = { caller, about, requests: [], committed: Promise.resolve() };
      gathering.set(key, group);
      group.committed = commit(key, group);
    }
    group.requests.push(opened);
    return group.committed;
  };
}

async function within(milliseconds: number, committed: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('Postgres does not answer')), milliseconds);
  await Promise.race([committed, late]).finally(() => clearTimeout(timer));
}

function recordOf({ caller, about: { reason, ...asked }, requests }: Group): AuditRecord {
  const payloads = requests.flat();
  const ciphertexts = payloads.flat();
  return {
    action: 'decode',
    reason: reason ?? UNSTATED,
    detail: {
      caller: caller.name,
      authenticated_by: caller.by,
      said_by_caller: asked,
      requests: requests.length,
      payloads: payloads.length,
      ciphertexts: ciphertexts.length,
      payload_key_ids: keyIds(ciphertexts),
      ciphertext_sha256: ciphertextHash(ciphertexts),
    },
  };
}

const MAX_KEY_IDS = 100;

/** A caller can make up the ids in a payload: only what can be a key's id goes on record. */
function keyIds(ciphertexts: readonly Ciphertext[]): string[] {
  const ids = ciphertexts.map(({ keyId }) => (isKeyId(keyId) ? keyId : '(not a key id)'));
  return [...new Set(ids)].sort().slice(0, MAX_KEY_IDS);
}

/** The hash of the sorted hashes: with the ciphertexts at hand, anyone can check that they are the ones. */
function ciphertextHash(ciphertexts: readonly Ciphertext[]): string {
  const hashes = ciphertexts.map(({ data }) => createHash('sha256').update(data).digest('hex'));
  return createHash('sha256').update(hashes.sort().join('\n')).digest('hex');
}
