import type { Pool } from 'pg';
import { appendAuditRecord } from '../audit/append-audit-record.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { leaveQuarantine } from './leave-quarantine.ts';

const MESSAGES_PER_STEP = 1_000;

/** A released message belongs to a replay. */
const OLD = `
  select message_id as id from quarantine where quarantined_at < $1 and released_for is null
  order by quarantined_at limit ${MESSAGES_PER_STEP}`;

/** Discards messages that were quarantined before then, on the record. @returns how many */
export async function discardOld(pool: Pool, before: Date): Promise<number> {
  let discarded = 0;
  for (;;) {
    const { rows } = await pool.query<{ id: string }>(OLD, [before]);
    if (rows.length === 0) return discarded;
    const messageIds = rows.map(({ id }) => id);
    discarded += await boundedTransaction(pool, undefined, async (client) => {
      const messages = await leaveQuarantine(client, { messageIds }, 'discarded');
      const detail = { before: before.toISOString(), messages };
      await appendAuditRecord(client, {
        action: 'quarantine-discard',
        reason: 'retention',
        detail,
      });
      return messages;
    });
  }
}
