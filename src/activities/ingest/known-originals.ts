import type { SealedOriginals } from '../../batch/batch.ts';
import { MASKED_FIELDS, type MaskedField } from '../../domain/login/login-columns.ts';

/** Two halves of so many values each, some 100 bytes a value: when one is full, the older one is forgotten. */
const HALF = 100_000;

/**
 * Which values this process has put into the vault: most logins are of devices and addresses that were seen before, and
 * need not be sealed and sent again. Only good for one state of the vault: once anything was taken out of it, or the
 * server is another, all is forgotten. A value that is taken out while a batch with it is being stored is no worse
 * off than if the batch had come first: an erasure means it as well, and a rotation waits for the batch and keeps what
 * its rows need.
 */
export class KnownOriginals {
  #state = '';
  #newer = noValues();
  #older = noValues();
  #newerCount = 0;

  /** For a batch that is stored while the vault is in this state. */
  in(state: string): (field: MaskedField, maskedHex: string) => boolean {
    if (state !== this.#state) {
      this.#state = state;
      this.#older = noValues();
      this.#beginHalf();
    }
    return (field, maskedHex) =>
      this.#newer[field].has(maskedHex) || this.#older[field].has(maskedHex);
  }

  /** Once they are committed. */
  remember(state: string, { fields, maskedValues }: SealedOriginals): void {
    if (state !== this.#state) return;
    if (this.#newerCount >= HALF) {
      this.#older = this.#newer;
      this.#beginHalf();
    }
    for (const [index, maskedHex] of maskedValues.entries()) {
      this.#newer[fields[index] as MaskedField].add(maskedHex);
    }
    this.#newerCount += maskedValues.length;
  }

  #beginHalf(): void {
    this.#newer = noValues();
    this.#newerCount = 0;
  }
}

const noValues = () =>
  Object.fromEntries(MASKED_FIELDS.map((field) => [field, new Set<string>()])) as Record<
    MaskedField,
    Set<string>
  >;
