import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const RELATIVE_IMPORT = /(?:from|import)\s*\(?'(\.[^']+\.ts)'/g;

/** The files that a file imports, and those that they import, as absolute paths. */
export function importsOf(file: string, found = new Set<string>()): ReadonlySet<string> {
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT)) {
    const imported = resolve(file, '..', specifier as string);
    if (found.has(imported)) continue;
    found.add(imported);
    importsOf(imported, found);
  }
  return found;
}
