import { MASKED_FIELDS } from '../../domain/login/login-columns.ts';
import { ADOPTED_ID, type Masker } from '../../domain/login/masking.ts';
import { type MaskedValue, maskedValues } from '../../domain/login/sealed-original.ts';
import type { OldRow } from '../../postgres/logins/find-old-rows.ts';
import type { RemaskedRow } from '../../postgres/vault/write-remasked.ts';

/** Originals by `nameOf`; undefined for one that can't be read. */
export type Originals = ReadonlyMap<string, string | undefined>;

export type OpenOriginal = MaskedValue & { original: string; newMaskedHex: string };

type RemaskedRows = {
  rows: RemaskedRow[];
  /** The originals of these rows, each once. */
  originals: OpenOriginal[];
  /** The readable originals of rows that keep their old key. */
  kept: MaskedValue[];
  unrecoverable: number;
  unreadable: number;
  /** Adopted rows that keep their masked values, since no later login brought the originals. */
  adopted: number;
};

export const nameOf = ({ field, maskedHex }: MaskedValue): string => `${field}:${maskedHex}`;

/** Re-masks each row whose originals are all readable, since a row has one key for all its masked values. */
export function remaskRows(
  rows: readonly OldRow[],
  originals: Originals,
  masker: Masker,
): RemaskedRows {
  const opened = new Map<string, OpenOriginal>();
  const done: RemaskedRows = {
    rows: [],
    originals: [],
    kept: [],
    unrecoverable: 0,
    unreadable: 0,
    adopted: 0,
  };
  const remask = (value: MaskedValue): OpenOriginal | undefined => {
    const known = opened.get(nameOf(value));
    const original = originals.get(nameOf(value));
    if (known || original === undefined) return known;
    const newMaskedHex = masker.mask(value.field, original);
    return { ...value, original, newMaskedHex };
  };
  for (const row of rows) {
    const values = maskedValues(row.masked);
    const remasked = values.map(remask).filter((one) => one !== undefined);
    if (remasked.length === values.length) {
      for (const one of remasked) opened.set(nameOf(one), one);
      const newMasked = MASKED_FIELDS.map(
        (each) => remasked.find(({ field }) => field === each)?.newMaskedHex ?? null,
      );
      done.rows.push({ ...row, newMasked });
      continue;
    }
    done.kept.push(...values.filter((value) => originals.has(nameOf(value))));
    if (row.maskKeyId === ADOPTED_ID) done.adopted += 1;
    else if (values.every((value) => originals.has(nameOf(value)))) done.unreadable += 1;
    else done.unrecoverable += 1;
  }
  done.originals = [...opened.values()];
  return done;
}
