import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import { mentions, type Wanted } from '../../domain/login/mentions.ts';
import { boundedTransaction } from '../../postgres/bounded-transaction.ts';
import { leaveQuarantine } from '../../postgres/quarantine/leave-quarantine.ts';
import { readSealedMessages } from '../../postgres/quarantine/read-quarantine.ts';
import type { Custody } from '../connect/with-custody.ts';

/** Bounds the memory. */
const PAGE = { limit: 500, maxBytes: 8 * 1_048_576 };

type QuarantineCounts = {
  searched: number;
  erased: number;
  /** Sealed for another key, or damaged: they may belong to anyone. */
  notOpened: number;
  /** Message ids: perhaps about the subject, and left for a person to decide. */
  near: string[];
};

/** Opens every quarantined body, since nothing else says whose it is, and deletes those about the subject. */
export async function eraseQuarantined(
  { pool, privateKey }: Custody,
  wanted: Wanted,
  includeNear: boolean,
): Promise<QuarantineCounts> {
  const counts: QuarantineCounts = { searched: 0, erased: 0, notOpened: 0, near: [] };
  for (let after = ''; ; ) {
    const page = await readSealedMessages(pool, {}, { after, ...PAGE });
    const found: string[] = [];
    for (const message of page) {
      const body = await openQuarantined(message, privateKey);
      if (body === undefined) counts.notOpened += 1;
      else {
        const mention = mentions(body, wanted);
        if (mention === 'certain' || (mention === 'near' && includeNear)) {
          found.push(message.messageId);
        } else if (mention === 'near') counts.near.push(message.messageId);
      }
    }
    counts.searched += page.length;
    if (found.length > 0) {
      counts.erased += await boundedTransaction(pool, undefined, (client) =>
        leaveQuarantine(client, { messageIds: found }, 'erased'),
      );
    }
    const last = page.at(-1);
    if (last === undefined) return counts;
    after = last.messageId;
  }
}
