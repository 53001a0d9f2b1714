import type { Masker } from '../../domain/login/masking.ts';
import type { OldRow } from '../../postgres/logins/find-old-rows.ts';
import type { MaskedValue } from '../../postgres/vault/read-sealed-originals.ts';
import type { RemaskedRow } from '../../postgres/vault/write-remasked.ts';

/** By `nameOf`: the original; undefined for one that is there and can't be read. */
export type Originals = ReadonlyMap<string, string | undefined>;

export type OpenOriginal = MaskedValue & { original: string; newMaskedHex: string };

export type RemaskedRows = {
  rows: RemaskedRow[];
  /** Of these rows, each once. */
  originals: OpenOriginal[];
  /** Of rows that keep their old key. */
  kept: MaskedValue[];
  unrecoverable: number;
  unreadable: number;
};

export const nameOf = ({ field, maskedHex }: MaskedValue): string => `${field}:${maskedHex}`;

/** What the vault may have of a row. Values from before, that are no hex, it does not have. */
export const valuesOf = ({ maskedIp, maskedDeviceId }: OldRow): [MaskedValue, MaskedValue] => [
  { field: 'ip', maskedHex: maskedIp },
  { field: 'device_id', maskedHex: maskedDeviceId },
];

/** Masks rows anew: those whose two originals are there. A row has one key, so one value alone stays as it is. */
export function remaskRows(
  rows: readonly OldRow[],
  originals: Originals,
  masker: Masker,
): RemaskedRows {
  const opened = new Map<string, OpenOriginal>();
  const done: RemaskedRows = { rows: [], originals: [], kept: [], unrecoverable: 0, unreadable: 0 };
  const remask = (value: MaskedValue): OpenOriginal | undefined => {
    const known = opened.get(nameOf(value));
    const original = originals.get(nameOf(value));
    if (known || original === undefined) return known;
    const newMaskedHex = masker.mask(value.field, original);
    return { ...value, original, newMaskedHex };
  };
  for (const row of rows) {
    const values = valuesOf(row);
    const [ip, device] = values.map(remask);
    if (ip && device) {
      for (const one of [ip, device]) opened.set(nameOf(one), one);
      const { newMaskedHex: newMaskedIp } = ip;
      done.rows.push({ ...row, newMaskedIp, newMaskedDeviceId: device.newMaskedHex });
      continue;
    }
    done.kept.push(...values.filter((value) => originals.has(nameOf(value))));
    if (values.every((value) => originals.has(nameOf(value)))) done.unreadable += 1;
    else done.unrecoverable += 1;
  }
  done.originals = [...opened.values()];
  return done;
}
