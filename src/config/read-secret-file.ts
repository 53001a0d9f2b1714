import { readFileSync } from 'node:fs';

/** Reads text in UTF-8 or, with a byte-order mark, UTF-16. The mark is removed. */
export function readTextFile(path: string): string {
  const bytes = readFileSync(path);
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/** Trims the text: editors and `kubectl create secret` leave a line break at its end. */
export const readSecretFile = (path: string): string => readTextFile(path).trim();

/** Completes a sentence that begins with the setting's name. */
export const cannotBeRead = (error: unknown): string =>
  `names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
