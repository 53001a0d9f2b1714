/**
 * Characters that a terminal obeys instead of showing (control characters, so escape sequences), and characters that
 * mislead the reader's eye (direction marks, invisible format characters). Joiners stay: emoji and Persian need them.
 */
const NOT_TEXT = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text as a terminal may show it: each character that is not text becomes `\uXXXX`, as JSON would escape it. */
export const printable = (text: string): string => text.replace(NOT_TEXT, escaped);

/** The same for one that may contain tabs, which move the cursor to the right and no further. */
export const printableWithTabs = (text: string): string =>
  text.replace(NOT_TEXT, (character) => (character === '\t' ? character : escaped(character)));

/** Two escapes for a character beyond U+FFFF. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    const code = character.charCodeAt(at).toString(16).toUpperCase();
    return `\\u${code.padStart(4, '0')}`;
  }).join('');
}
