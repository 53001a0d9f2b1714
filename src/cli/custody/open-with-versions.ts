import { refuseOtherVaultKeys } from '../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import { readVersions, type SealedVersion } from '../../postgres/quarantine/quarantine-versions.ts';
import {
  readSealedMessages,
  type SealedMessage,
} from '../../postgres/quarantine/read-quarantine.ts';
import type { Custody } from '../connect/with-custody.ts';
import { presentFaults } from './present-faults.ts';
import { recordFirst } from './record-first.ts';

type Opened = {
  /** Why it is in quarantine. */
  reason: string;
  /** Null if it does not open with this key. */
  body: string | null;
  /** Why a worker would quarantine it now; empty for a login event. */
  faults: string[];
};

type OpenedVersion = Opened & {
  number: number;
  /** When the body came into quarantine or replaced the one before. */
  since: string | null;
  /** The database user who wrote it; null for what the queue delivered. */
  by: string | null;
  current: boolean;
};

export type OpenedMessage = Opened & { messageId: string; versions?: OpenedVersion[] };

/** Opens messages after putting it on the record. With versions, also those that were edited and have left quarantine. */
export async function openWithVersions(
  custody: Custody,
  messageIds: readonly string[],
  { reason, versions = false }: { reason: string; versions?: boolean },
): Promise<{ messages: OpenedMessage[]; missing: string[] }> {
  const { pool, privateKey } = custody;
  const limits = { limit: messageIds.length, maxBytes: Number.MAX_SAFE_INTEGER };
  const present = new Map(
    (await readSealedMessages(pool, { messageIds }, limits)).map((row) => [row.messageId, row]),
  );
  const earlier = new Map<string, SealedVersion[]>();
  for (const id of versions ? messageIds : []) earlier.set(id, await readVersions(pool, id));
  const known = messageIds.filter((id) => present.has(id) || earlier.get(id)?.length);
  if (known.length > 0) {
    refuseOtherVaultKeys([...present.values(), ...[...earlier.values()].flat()], privateKey);
    const detail = { messageIds: known, ...(versions && { versions }) };
    await recordFirst(pool, { action: 'quarantine-show', reason, detail });
  }
  const messages: OpenedMessage[] = [];
  for (const messageId of known) {
    const opened = await openVersions(
      custody,
      present.get(messageId),
      earlier.get(messageId) ?? [],
    );
    const last = opened.at(-1) as OpenedVersion;
    const { reason: its, body, faults } = last;
    messages.push({ messageId, reason: its, body, faults, ...(versions && { versions: opened }) });
  }
  return { messages, missing: messageIds.filter((id) => !known.includes(id)) };
}

/** The body that is in quarantine is the last one. */
async function openVersions(
  { privateKey }: Custody,
  present: SealedMessage | undefined,
  earlier: readonly SealedVersion[],
): Promise<OpenedVersion[]> {
  const sealed = [...earlier, ...(present ? [present] : [])];
  const opened: OpenedVersion[] = [];
  for (const [index, version] of sealed.entries()) {
    const body = (await openQuarantined(version, privateKey)) ?? null;
    const before = earlier[index - 1];
    const { reason } = version;
    opened.push({
      number: 'number' in version ? version.number : (earlier.at(-1)?.number ?? 0) + 1,
      since: (before?.replacedAt ?? present?.quarantinedAt)?.toISOString() ?? null,
      ...{ by: before?.replacedBy ?? null, current: version === present },
      ...{ reason, body, faults: body === null ? [] : presentFaults(body) },
    });
  }
  return opened;
}
