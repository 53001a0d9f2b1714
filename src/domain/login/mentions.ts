import { canonicalIp } from './ip-address.ts';
import { nestsTooDeep } from './json-depth.ts';

/** What a message may be about: broken ones, too, so it is looked for everywhere in them. */
export type Wanted =
  | { kind: 'user'; userId: string }
  | { kind: 'values'; ips: ReadonlySet<string>; deviceIds: ReadonlySet<string> };

const IP_LIKE = /[0-9A-Fa-f:.]{2,64}/g;
const WORD_CHARACTER = /[\p{L}\p{N}_]/u;

/**
 * Whether a message body holds what is wanted. A login event of somebody else is not the user's because a value in it
 * contains their id; in what is no JSON object, or has no user, every mention counts: rather one too many.
 */
export function mentions(body: string, wanted: Wanted): boolean {
  const json = parse(body);
  const texts = json === undefined ? [body] : textsIn(json);
  if (wanted.kind === 'values') {
    return texts.some((text) => hasIp(text, wanted.ips) || hasWord(text, wanted.deviceIds));
  }
  const owner = ownerOf(json);
  if (owner !== undefined) return owner === wanted.userId || texts.includes(wanted.userId);
  return texts.some((text) => hasWord(text, new Set([wanted.userId])));
}

function parse(body: string): unknown {
  if (nestsTooDeep(body)) return undefined;
  try {
    return JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function ownerOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('user_id' in json)) return undefined;
  const { user_id: userId } = json;
  return (typeof userId === 'string' && userId !== '') || typeof userId === 'number'
    ? String(userId)
    : undefined;
}

/** Every name and value; `nestsTooDeep` has said that this ends. */
function textsIn(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [String(json)];
  return Object.entries(json).flatMap(([name, value]) => [name, ...textsIn(value)]);
}

const hasIp = (text: string, ips: ReadonlySet<string>): boolean =>
  ips.size > 0 &&
  [...text.matchAll(IP_LIKE)].some(([token]) =>
    [token, token.replace(/[.:]+$/, '')].some((form) => ips.has(canonicalIp(form) ?? '')),
  );

/** With no letter or digit on either side. */
function hasWord(text: string, words: ReadonlySet<string>): boolean {
  for (const word of words) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      const before = text.charAt(at - 1);
      const after = text.charAt(at + word.length);
      if (!WORD_CHARACTER.test(before) && !WORD_CHARACTER.test(after)) return true;
    }
  }
  return false;
}
