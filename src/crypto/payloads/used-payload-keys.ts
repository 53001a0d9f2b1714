import type { Keyring } from '../keys/keyring.ts';

/** Notes which payload keys are in use: the active one, and each that decrypts something. */
export class UsedPayloadKeys {
  readonly #keyring: Keyring;
  #used = new Set<string>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  note(keyId: string): void {
    if (this.#keyring.keys.has(keyId)) this.#used.add(keyId);
  }

  /** The ids of those that were used since the last call. */
  take(): string[] {
    const used = [...this.#used.add(this.#keyring.activeId)];
    this.#used = new Set();
    return used;
  }
}
