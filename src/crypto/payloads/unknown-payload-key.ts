/** The keyring lacks the key of a payload. Another worker may have it, so a run waits for the result of its step. */
export class UnknownPayloadKey extends Error {
  override name = 'UnknownPayloadKey';
  readonly keyId: string;

  /** @param keyId only what can be a key's id, since whoever made the payload chose it */
  constructor(keyId: string) {
    super(
      `a payload was encrypted with the key ${keyId}, which PAYLOAD_KEYS does not hold: add that key again`,
    );
    this.keyId = keyId;
  }
}
