import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Trace = { value: string; form: string; place: string };

/** Bytes to search, and the name by which a trace reports them. */
export type Haystack = { place: string; bytes: Buffer };

/**
 * Finds each value as plain text, hex, base64 and URL-encoded, and its unkeyed SHA-256, SHA-1 and MD5, since trying all
 * addresses reverses those.
 */
export function findTraces(haystacks: readonly Haystack[], values: readonly string[]): Trace[] {
  const needles = values.flatMap((value) =>
    Object.entries(formsOf(value)).map(([form, needle]) => ({ value, form, needle })),
  );
  return haystacks.flatMap(({ place, bytes }) =>
    needles
      .filter(({ needle }) => bytes.includes(needle))
      .map(({ value, form }) => ({ value, form, place })),
  );
}

/** The forms in which a value can be written, by name. */
export function formsOf(value: string): Record<string, Buffer> {
  const bytes = Buffer.from(value, 'utf8');
  const texts = {
    plain: value,
    'upper case': value.toUpperCase(),
    hex: bytes.toString('hex'),
    'upper-case hex': bytes.toString('hex').toUpperCase(),
    'base64, first byte of three': base64Within(bytes, 0),
    'base64, second byte of three': base64Within(bytes, 1),
    'base64, third byte of three': base64Within(bytes, 2),
    ...(isUrlEncoded(value) && { 'URL-encoded': encodeURIComponent(value) }),
  };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([form, text]) => [form, Buffer.from(text)])),
    'UTF-16': Buffer.from(value, 'utf16le'),
    ...Object.assign({}, ...['sha256', 'sha1', 'md5'].map((name) => digestsOf(bytes, name))),
  };
}

const isUrlEncoded = (value: string): boolean => encodeURIComponent(value) !== value;

function digestsOf(bytes: Buffer, name: string): Record<string, Buffer> {
  const digest = createHash(name).update(bytes).digest();
  return {
    [name]: digest,
    [`hex of its ${name}`]: Buffer.from(digest.toString('hex')),
    [`upper-case hex of its ${name}`]: Buffer.from(digest.toString('hex').toUpperCase()),
    [`base64 of its ${name}`]: Buffer.from(base64Within(digest, 0)),
  };
}

/**
 * The base64 characters of these bytes inside a longer text, where they begin at `place` in a group of three bytes. Leaves
 * out the characters at both ends, which also depend on the bytes before and after.
 */
function base64Within(bytes: Buffer, place: 0 | 1 | 2): string {
  const text = Buffer.concat([Buffer.alloc(place), bytes]).toString('base64');
  const from = Math.ceil((place * 8) / 6);
  const to = Math.floor(((place + bytes.length) * 8) / 6);
  return text.slice(from, to);
}

/** Every file below a directory. */
export async function filesBelow(directory: string): Promise<Haystack[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const haystacks: Haystack[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const place = join(entry.parentPath, entry.name);
    haystacks.push({ place, bytes: await readFile(place) });
  }
  return haystacks;
}
