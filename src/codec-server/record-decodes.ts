import { createHash } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import type { Caller } from '../http/authenticate.ts';
import type { AuditRecord } from '../postgres/audit/append-audit-record.ts';
import type { AskedAbout } from './asked-about.ts';

/** The Web UI sends a request for each event it shows: those of one page make one record. */
const GATHER_MS = 100;
const UNSTATED = 'none given to the codec server';

type Group = { caller: Caller; about: AskedAbout; requests: Payload[][]; committed: Promise<void> };

export type RecordDecodes = (caller: Caller, about: AskedAbout, sealed: Payload[]) => Promise<void>;

/**
 * Resolves once it is on record that these payloads were asked for. Requests of the same caller about the same thing
 * that come within a moment are one record, and all wait for it.
 */
export function decodeRecorder(append: (record: AuditRecord) => Promise<unknown>): RecordDecodes {
  const gathering = new Map<string, Group>();

  async function commit(key: string, group: Group): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    gathering.delete(key);
    await append(recordOf(group));
  }

  return (caller, about, sealed) => {
    const key = JSON.stringify([caller, about]);
    let group = gathering.get(key);
    if (!group) {
      group = { caller, about, requests: [], committed: Promise.resolve() };
      gathering.set(key, group);
      group.committed = commit(key, group);
    }
    group.requests.push(sealed);
    return group.committed;
  };
}

function recordOf({ caller, about: { reason, ...asked }, requests }: Group): AuditRecord {
  const payloads = requests.flat();
  return {
    action: 'decode',
    reason: reason ?? UNSTATED,
    detail: {
      caller: caller.name,
      authenticated_by: caller.by,
      said_by_caller: asked,
      requests: requests.length,
      payloads: payloads.length,
      payload_key_ids: [...new Set(payloads.map(keyId))].sort(),
      ciphertext_sha256: ciphertextHash(payloads),
    },
  };
}

const keyId = ({ metadata }: Payload): string =>
  Buffer.from(metadata?.['encryption-key-id'] ?? [])
    .toString('utf8')
    .slice(0, 64)
    .replaceAll('\0', '');

/** Of the hashes of all of them, sorted: whoever has the payloads can tell whether they are the ones. */
function ciphertextHash(payloads: readonly Payload[]): string {
  const hashes = payloads.map(({ data }) =>
    createHash('sha256')
      .update(data ?? new Uint8Array(0))
      .digest('hex'),
  );
  return createHash('sha256').update(hashes.sort().join('\n')).digest('hex');
}
