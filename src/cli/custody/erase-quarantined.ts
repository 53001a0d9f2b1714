import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import { mentions, type Wanted } from '../../domain/login/mentions.ts';
import { boundedTransaction } from '../../postgres/bounded-transaction.ts';
import { leaveQuarantine } from '../../postgres/quarantine/leave-quarantine.ts';
import {
  deleteVersions,
  readEditedIds,
  readStoredFor,
  readVersions,
} from '../../postgres/quarantine/quarantine-versions.ts';
import { readSealedMessages } from '../../postgres/quarantine/read-quarantine.ts';
import type { Custody } from '../connect/with-custody.ts';

/** Bounds the memory. */
const PAGE = { limit: 500, maxBytes: 8 * 1_048_576 };

type QuarantineCounts = {
  searched: number;
  erased: number;
  /** Earlier versions of edited messages. */
  versions: number;
  /** Messages sealed for another key, or damaged ones. They may be about the subject. */
  notOpened: number;
  /** Ids of messages that may be about the subject. A person decides about them. */
  near: string[];
};

/** Opens every quarantined body, since no column names its user, and deletes those about the subject. */
export async function eraseQuarantined(
  custody: Custody,
  wanted: Wanted,
  includeNear: boolean,
): Promise<QuarantineCounts> {
  const counts: QuarantineCounts = { searched: 0, erased: 0, versions: 0, notOpened: 0, near: [] };
  await eraseMessages(custody, wanted, includeNear, counts);
  await eraseVersions(custody, wanted, includeNear, counts);
  return counts;
}

/** @param body undefined if it could not be opened */
function matchOf(
  body: string | undefined,
  wanted: Wanted,
  includeNear: boolean,
): 'erase' | 'near' | 'keep' | 'not opened' {
  if (body === undefined) return 'not opened';
  const mention = mentions(body, wanted);
  if (mention === 'certain' || (mention === 'near' && includeNear)) return 'erase';
  return mention === 'near' ? 'near' : 'keep';
}

async function eraseMessages(
  { pool, privateKey }: Custody,
  wanted: Wanted,
  includeNear: boolean,
  counts: QuarantineCounts,
): Promise<void> {
  for (let after = ''; ; ) {
    const page = await readSealedMessages(pool, {}, { after, ...PAGE });
    const found: string[] = [];
    for (const message of page) {
      const match = matchOf(await openQuarantined(message, privateKey), wanted, includeNear);
      if (match === 'not opened') counts.notOpened += 1;
      else if (match === 'erase') found.push(message.messageId);
      else if (match === 'near') counts.near.push(message.messageId);
    }
    counts.searched += page.length;
    if (found.length > 0) {
      counts.erased += await boundedTransaction(pool, undefined, (client) =>
        leaveQuarantine(client, { messageIds: found }, 'erased'),
      );
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.messageId;
  }
}

/**
 * Deletes the versions of a message if one of them is about the subject, or if it is stored as a login of the account:
 * a version may lack what an edit added.
 */
async function eraseVersions(
  { pool, privateKey }: Custody,
  wanted: Wanted,
  includeNear: boolean,
  counts: QuarantineCounts,
): Promise<void> {
  for (let after = ''; ; ) {
    const ids = await readEditedIds(pool, { after, limit: PAGE.limit });
    const found = new Set(
      wanted.kind === 'user' && ids.length > 0 ? await readStoredFor(pool, wanted.userId, ids) : [],
    );
    const near = new Set<string>();
    for (const id of ids) {
      for (const version of await readVersions(pool, id)) {
        const match = matchOf(await openQuarantined(version, privateKey), wanted, includeNear);
        if (match === 'not opened') counts.notOpened += 1;
        else if (match === 'erase') found.add(id);
        else if (match === 'near') near.add(id);
      }
    }
    counts.near.push(...[...near].filter((id) => !found.has(id) && !counts.near.includes(id)));
    if (found.size > 0) {
      counts.versions += await boundedTransaction(pool, undefined, (client) =>
        deleteVersions(client, [...found]),
      );
    }
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
  }
}
