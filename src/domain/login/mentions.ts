import { ipSpellings } from './ip-spellings.ts';
import { type MaskedField, maskedColumn } from './login-columns.ts';
import { type MessageText, messageTexts } from './message-texts.ts';

/** The subject to search for. Addresses are in canonical form. */
export type Wanted = { kind: 'user'; userId: string } | { kind: 'values'; originals: Originals };

/** The originals to search for, by field. */
export type Originals = ReadonlyMap<MaskedField, ReadonlySet<string>>;

/** `certain`: the message is about the subject. `near`: it may be, and a person has to decide. */
type Mention = 'certain' | 'near';

const WORD = /[\p{L}\p{N}_]/u;
const WORDS = /[\p{L}\p{N}_]+/gu;
/** Control characters, lone surrogates and invisible characters: ids with them are rejected, or pasted with them. */
const NOT_SEEN = /\p{C}/gu;
/** U+2010, U+2011 and others that look like a hyphen. */
const DASHES = /\p{Pd}/gu;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What people and input methods put in and around the dots of an address. */
const DOTS = /\s*[.\u3002]\s*/g;
const PERCENT = /%([0-9A-Fa-f]{2})/g;

/**
 * Reports whether a message body, valid or not, is about the subject. In a message that names an account, a longer value
 * that contains the user's id does not count; in all others, every mention counts.
 */
export function mentions(body: string, wanted: Wanted): Mention | undefined {
  const texts = messageTexts(body);
  return wanted.kind === 'user'
    ? mentionsUser(texts, wanted.userId)
    : mentionsValues(texts, wanted.originals);
}

function mentionsUser(texts: readonly MessageText[], userId: string): Mention | undefined {
  const owned = texts.some(
    ({ name, text }) => isUserIdName(name) && text !== '' && text !== 'null',
  );
  const words = new WordSearch([userId]);
  return strongest(
    texts,
    ({ text }) => sameText(text, userId) ?? (owned ? undefined : words.in(text)),
  );
}

function mentionsValues(texts: readonly MessageText[], originals: Originals): Mention | undefined {
  const ofFields = (format: 'ip' | undefined) =>
    new Set(
      [...originals].flatMap(([field, values]) => (formatOf(field) === format ? [...values] : [])),
    );
  const ips = ofFields('ip');
  const words = new WordSearch(ofFields(undefined));
  return strongest(texts, ({ text }) => {
    const word = words.in(text);
    return word === 'certain' || ips.size === 0 ? word : (mentionsIp(text, ips) ?? word);
  });
}

function formatOf(field: MaskedField): 'ip' | undefined {
  const column = maskedColumn(field);
  return 'format' in column ? column.format : undefined;
}

function mentionsIp(text: string, ips: ReadonlySet<string>): Mention | undefined {
  let found: Mention | undefined;
  for (const { ip, certain } of ipSpellings(plainAddress(text))) {
    if (!ips.has(ip)) continue;
    if (certain) return 'certain';
    found = 'near';
  }
  return found;
}

/** `user_id`, `userId`, `USER-ID`. */
const isUserIdName = (name: string | undefined): boolean =>
  name !== undefined && name.replace(/[^A-Za-z]/g, '').toLowerCase() === 'userid';

const unescapePercent = (text: string): string =>
  text.includes('%')
    ? text.replace(PERCENT, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;

const plain = (text: string): string =>
  unescapePercent(text.normalize('NFKC').replace(NOT_SEEN, '').replace(DASHES, '-')).trim();

const plainAddress = (text: string): string =>
  unescapePercent(text.normalize('NFKC').replace(NOT_SEEN, '')).replace(DOTS, '.');

/** Larger numbers are not exact. */
const sameNumber = (one: string, other: string): boolean =>
  NUMBER.test(one) &&
  NUMBER.test(other) &&
  Number(one) === Number(other) &&
  Math.abs(Number(one)) <= Number.MAX_SAFE_INTEGER;

/** Padding, invisible characters and compatible characters (full-width digits) don't make another id; case may. */
function sameText(text: string, wanted: string): Mention | undefined {
  if (text === wanted) return 'certain';
  // A cheap check first: a normal form is at most 18 times as long as its text, and at least a third.
  if (text.length > wanted.length * 18 + 1_000) return undefined;
  const [one, other] = [plain(text), plain(wanted)];
  if (one === other) return 'certain';
  if (sameNumber(one, other)) return 'certain';
  return one.toLowerCase() === other.toLowerCase() ? 'near' : undefined;
}

/** Looks for whole words: no letter or digit stands on either side. Words are found by their first run of letters. */
class WordSearch {
  readonly #wanted: readonly string[];
  readonly #byFirstRun = new Map<string, string[]>();

  constructor(words: Iterable<string>) {
    this.#wanted = [...words].filter((word) => word !== '');
    for (const word of this.#wanted) {
      const lower = word.toLowerCase();
      const first = lower.match(WORDS)?.[0] ?? '';
      this.#byFirstRun.set(first, [...(this.#byFirstRun.get(first) ?? []), word]);
    }
  }

  in(text: string): Mention | undefined {
    if (this.#wanted.length === 0) return undefined;
    const lower = text.toLowerCase();
    let found: Mention | undefined;
    for (const { 0: run, index } of lower.matchAll(WORDS)) {
      for (const word of this.#byFirstRun.get(run) ?? []) {
        const start = index - word.toLowerCase().indexOf(run);
        if (start < 0 || !lower.startsWith(word.toLowerCase(), start)) continue;
        if (WORD.test(lower.charAt(start + word.length))) continue;
        if (text.startsWith(word, start)) return 'certain';
        found = 'near';
      }
    }
    return found;
  }
}

function strongest(
  texts: readonly MessageText[],
  of: (text: MessageText) => Mention | undefined,
): Mention | undefined {
  let found: Mention | undefined;
  for (const text of texts) {
    const mention = of(text);
    if (mention === 'certain') return mention;
    found ??= mention;
  }
  return found;
}
