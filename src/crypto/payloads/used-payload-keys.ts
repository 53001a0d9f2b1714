import { isKeyId, type Keyring } from '../keys/keyring.ts';
import { UnknownPayloadKey } from './unknown-payload-key.ts';

/** Whoever makes a payload chooses the id of its key. */
const MOST_UNKNOWN = 20;

/** Notes which payload keys are in use: the active one, and each that decrypts something. */
export class UsedPayloadKeys {
  readonly #keyring: Keyring;
  readonly #warn: (message: string) => void;
  #used = new Set<string>();
  readonly #unknown = new Set<string>();

  /** @param warn called once per key that the keyring lacks */
  constructor(keyring: Keyring, warn: (message: string) => void = () => undefined) {
    this.#keyring = keyring;
    this.#warn = warn;
  }

  note(keyId: string): void {
    if (this.#keyring.keys.has(keyId)) this.#used.add(keyId);
    else if (isKeyId(keyId) && !this.#unknown.has(keyId) && this.#unknown.size < MOST_UNKNOWN) {
      this.#unknown.add(keyId);
      this.#warn(new UnknownPayloadKey(keyId).message);
    }
  }

  /** The ids of those that were used since the last call. */
  take(): string[] {
    const used = [...this.#used.add(this.#keyring.activeId)];
    this.#used = new Set();
    return used;
  }
}
