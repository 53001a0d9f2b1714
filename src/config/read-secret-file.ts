import { readFileSync } from 'node:fs';

/** Text as editors on any system save it: a byte-order mark says how it is encoded, and is not part of it. */
export function readTextFile(path: string): string {
  const bytes = readFileSync(path);
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/** Without the line break at its end, which editors and `kubectl create secret` leave. */
export const readSecretFile = (path: string): string => readTextFile(path).trim();

/** The end of a sentence that begins with the setting's name. */
export const cannotBeRead = (error: unknown): string =>
  `names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
