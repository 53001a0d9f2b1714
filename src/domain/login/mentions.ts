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
const SPACES = /[\t\n\v\f\r]/g;
const MARKS = /\p{M}/gu;
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

/** Without case and accents. Upper case first: it turns ß into SS, and both forms of σ into Σ. */
const folded = (text: string): string =>
  plain(text).normalize('NFKD').replace(MARKS, '').toUpperCase().toLowerCase();

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
  return folded(text) === folded(wanted) ? 'near' : undefined;
}

/** Looks for whole words: no letter or digit stands on either side. Words are found by their first run of letters. */
class WordSearch {
  readonly #exact: WordIndex;
  readonly #plain: WordIndex;
  readonly #folded: WordIndex;

  constructor(words: Iterable<string>) {
    const wanted = [...words].filter((word) => word !== '');
    this.#exact = wordIndex(wanted);
    this.#plain = wordIndex(wanted.map(plain));
    this.#folded = wordIndex(wanted.map(folded));
  }

  in(text: string): Mention | undefined {
    if (this.#exact.size === 0) return undefined;
    // Otherwise the words on either side of a line break would become one.
    const spaced = text.replace(SPACES, ' ');
    if (hasWord(text, this.#exact) || hasWord(plain(spaced), this.#plain)) return 'certain';
    return hasWord(folded(spaced), this.#folded) ? 'near' : undefined;
  }
}

/** Words by their first run of letters. */
type WordIndex = ReadonlyMap<string, string[]>;

const wordIndex = (words: readonly string[]): WordIndex =>
  Map.groupBy(words, (word) => word.match(WORDS)?.[0] ?? '');

function hasWord(text: string, words: WordIndex): boolean {
  for (const { 0: run, index } of text.matchAll(WORDS)) {
    for (const word of words.get(run) ?? []) {
      const start = index - word.indexOf(run);
      if (start < 0 || !text.startsWith(word, start)) continue;
      if (!WORD.test(text.charAt(start + word.length))) return true;
    }
  }
  return false;
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
