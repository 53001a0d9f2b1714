import { refuseOtherVaultKeys } from '../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import type { FieldName } from '../../domain/login/login-columns.ts';
import { parseField } from '../../domain/login/login-event.ts';
import { messageTexts } from '../../domain/login/message-texts.ts';
import {
  type QuarantineFilter,
  readSealedMessages,
} from '../../postgres/quarantine/read-quarantine.ts';
import type { Custody } from '../connect/with-custody.ts';
import { recordFirst } from './record-first.ts';

/** Fields that say something about the sender's software, and nothing about a person. */
export const TRAITS = { 'app-version': 'app_version', 'device-type': 'device_type' } as const;
export type Trait = keyof typeof TRAITS;

/** Bounds the memory. */
const PAGE = { limit: 500, maxBytes: 8 * 1_048_576 };

/** `value` is null for messages without a valid one. */
type Group = { value: string | null; reason: string; messages: number };

/** Counts messages by a field of their bodies, the largest group first. The bodies are opened, so it is on the record. */
export async function groupByTrait(
  { pool, privateKey }: Custody,
  filter: QuarantineFilter,
  { trait, reason }: { trait: Trait; reason: string },
): Promise<{ groups: Group[]; notOpened: number }> {
  const groups = new Map<string, Group>();
  let notOpened = 0;
  let recorded = false;
  for (let after = ''; ; ) {
    const page = await readSealedMessages(pool, filter, { after, ...PAGE });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.messageId;
    refuseOtherVaultKeys(page, privateKey);
    if (!recorded) {
      const detail = { ...filter, by: trait };
      await recordFirst(pool, { action: 'quarantine-show', reason, detail });
      recorded = true;
    }
    for (const message of page) {
      const body = await openQuarantined(message, privateKey);
      if (body === undefined) notOpened += 1;
      else count(groups, { value: valueIn(body, TRAITS[trait]), reason: message.reason });
    }
  }
  return { groups: [...groups.values()].sort((a, b) => b.messages - a.messages), notOpened };
}

function count(groups: Map<string, Group>, { value, reason }: Omit<Group, 'messages'>): void {
  const key = JSON.stringify([value, reason]);
  const group = groups.get(key) ?? { value, reason, messages: 0 };
  groups.set(key, { ...group, messages: group.messages + 1 });
}

/** Also found in broken JSON and in envelopes. */
function valueIn(body: string, field: FieldName): string | null {
  const found = messageTexts(body).find(({ name }) => name === field);
  return parseField(field, found?.text).data ?? null;
}
