/**
 * What a terminal, or a person's eye, takes for something else than text: control characters (an escape sequence
 * moves the cursor or renames the window) and the marks that turn the direction of writing.
 */
const NOT_TEXT = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A value of somebody else's, safe to print: what is not text is shown as its code point. */
export const printable = (value: string): string =>
  value.replace(
    NOT_TEXT,
    (character) =>
      `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0').toUpperCase()}`,
  );
