/** Lines of one kind that a window admits; the rest is only counted. */
const LINES_PER_WINDOW = 5;
const WINDOW_MS = 60_000;
/** Kinds consist of our own fixed texts, so there are few. */
const MAX_KINDS = 500;

type Kind = { written: number; leftOut: number };

/**
 * Limits the lines that are written when something fails in a loop. At the end of a window with omitted lines, it calls
 * `reportOmitted` with their number.
 */
export class RepeatLimit {
  readonly #kinds = new Map<string, Kind>();
  readonly #windowMs: number;

  constructor(windowMs: number = WINDOW_MS) {
    this.#windowMs = windowMs;
  }

  /** Reports whether to write a line of this kind. */
  admit(kind: string, reportOmitted: (leftOut: number) => void): boolean {
    const seen = this.#kinds.get(kind) ?? this.#open(kind, reportOmitted);
    if (seen.written < LINES_PER_WINDOW) {
      seen.written += 1;
      return true;
    }
    seen.leftOut += 1;
    return false;
  }

  #open(kind: string, reportOmitted: (leftOut: number) => void): Kind {
    const opened: Kind = { written: 0, leftOut: 0 };
    // Beyond the limit it is better to write too many lines than none.
    if (this.#kinds.size >= MAX_KINDS) return opened;
    this.#kinds.set(kind, opened);
    const close = () => {
      this.#kinds.delete(kind);
      if (opened.leftOut > 0) reportOmitted(opened.leftOut);
    };
    // The timer must not keep an idle process alive.
    setTimeout(close, this.#windowMs).unref();
    return opened;
  }
}
