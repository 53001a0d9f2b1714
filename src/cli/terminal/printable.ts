/**
 * What a terminal, or a person's eye, takes for something else than text: control characters (an escape sequence
 * moves the cursor or renames the window) and the marks that turn the direction of writing.
 */
const NOT_TEXT = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const NOT_TEXT_OF_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A value of somebody else's, safe to print: what is not text is shown as its code point. */
export const printable = (value: string): string => value.replace(NOT_TEXT, codePoint);

/** The same for what may be several lines, a message's body: line feeds and tabs stay. */
export const printableLines = (text: string): string => text.replace(NOT_TEXT_OF_LINES, codePoint);

const codePoint = (character: string): string =>
  `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0').toUpperCase()}`;
