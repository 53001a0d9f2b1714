const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A value as text or attribute of HTML and SVG. */
export const escapeMarkup = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
