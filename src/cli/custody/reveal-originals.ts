import {
  checkOriginal,
  type OriginalCheck,
  originalOpener,
  refuseOtherVaultKeys,
} from '../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import type { MaskedField } from '../../domain/login/login-columns.ts';
import {
  type MaskedValue,
  maskedValues,
  valuesByPlural,
} from '../../domain/login/sealed-original.ts';
import { type LoginValues, readLoginValues } from '../../postgres/logins/read-login-values.ts';
import { readSealedMessages } from '../../postgres/quarantine/read-quarantine.ts';
import { readOriginals } from '../../postgres/vault/read-originals.ts';
import type { Custody } from '../connect/with-custody.ts';
import { recordFirst } from './record-first.ts';

export type Wanted = { values: MaskedValue[]; messageIds: string[] };

export type Revealed = {
  messageId?: string;
  field: MaskedField | 'body';
  maskedValue?: string;
  /** Null if it does not open with this key. */
  original: string | null;
  /** Whether the original, masked again, gives the masked value. Not for bodies, which nothing stands for. */
  check?: OriginalCheck;
};

const key = ({ field, maskedHex }: MaskedValue): string => `${field} ${maskedHex}`;

/** Records what will be revealed, then opens it. */
export async function reveal(
  { pool, privateKey, maskers }: Custody,
  { values, messageIds }: Wanted,
  why: string,
) {
  const logins = await readLoginValues(pool, messageIds);
  const bodies =
    messageIds.length > 0
      ? await readSealedMessages(
          pool,
          { messageIds },
          { limit: messageIds.length, maxBytes: Number.MAX_SAFE_INTEGER },
        )
      : [];
  const wanted: { value: MaskedValue; messageId?: string }[] = [
    ...values.map((value) => ({ value })),
    ...logins.flatMap(valuesOf),
  ];
  const distinct = new Map(wanted.map(({ value }) => [key(value), value]));
  const sealed = new Map(
    (await readOriginals(pool, [...distinct.values()])).map((row) => [key(row), row]),
  );
  const known = new Set([...logins, ...bodies].map(({ messageId }) => messageId));
  const missing = [
    ...[...distinct.keys()].filter((name) => !sealed.has(name)),
    ...messageIds.filter((id) => !known.has(id)).map((id) => `message ${id}`),
  ];
  if (sealed.size + bodies.length === 0) return { revealed: [], missing, auditId: null };
  refuseOtherVaultKeys([...sealed.values(), ...bodies], privateKey);

  const { id } = await recordFirst(pool, {
    action: 'reveal',
    reason: why,
    detail: {
      ...valuesByPlural([...sealed.values()]),
      messageIds: [...known],
      originals: sealed.size,
      bodies: bodies.length,
      missing: missing.length,
    },
  });

  const openOriginal = originalOpener(privateKey);
  const revealed: Revealed[] = [];
  for (const { value, messageId } of wanted) {
    const row = sealed.get(key(value));
    if (!row) continue;
    const original = await openOriginal(row);
    revealed.push({
      ...(messageId !== undefined && { messageId }),
      field: value.field,
      maskedValue: value.maskedHex,
      original: original ?? null,
      ...(original !== undefined && { check: checkOriginal(row, original, maskers) }),
    });
  }
  for (const body of bodies) {
    const original = (await openQuarantined(body, privateKey)) ?? null;
    revealed.push({ messageId: body.messageId, field: 'body', original });
  }
  return { revealed, missing, auditId: id };
}

const valuesOf = ({ messageId, masked }: LoginValues) =>
  maskedValues(masked).map((value) => ({ messageId, value }));
