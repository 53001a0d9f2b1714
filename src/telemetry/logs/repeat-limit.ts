/** Of lines that are alike, so many are written in a window; the rest is counted. */
const LINES = 5;
const WINDOW_MS = 60_000;
/** Kinds of lines that are told apart: theirs are our own words, so there are few. */
const MAX_KINDS = 500;

type Kind = { written: number; leftOut: number };

/**
 * Bounds what is written when something fails in a loop. At the end of a window in which lines were left out, `tell`
 * says how many.
 */
export class RepeatLimit {
  readonly #kinds = new Map<string, Kind>();
  readonly #windowMs: number;

  constructor(windowMs: number = WINDOW_MS) {
    this.#windowMs = windowMs;
  }

  /** Whether a line of this kind is to be written. */
  admit(kind: string, tell: (leftOut: number) => void): boolean {
    const seen = this.#kinds.get(kind) ?? this.#open(kind, tell);
    if (seen.written < LINES) {
      seen.written += 1;
      return true;
    }
    seen.leftOut += 1;
    return false;
  }

  #open(kind: string, tell: (leftOut: number) => void): Kind {
    const opened: Kind = { written: 0, leftOut: 0 };
    // More kinds than there can be: better too many lines than none.
    if (this.#kinds.size >= MAX_KINDS) return opened;
    this.#kinds.set(kind, opened);
    const close = () => {
      this.#kinds.delete(kind);
      if (opened.leftOut > 0) tell(opened.leftOut);
    };
    // A process that has nothing else to do ends without waiting for it.
    setTimeout(close, this.#windowMs).unref();
    return opened;
  }
}
