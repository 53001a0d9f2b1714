/** Control characters, but for line feed and tab, and those that turn the writing round: a terminal would obey them. */
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/** What strangers have sent, so that a terminal shows it and does nothing else. `--json` has it as it is. */
export const printable = (text: string): string =>
  text.replace(CONTROLS, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
