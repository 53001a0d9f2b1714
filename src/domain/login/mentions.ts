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
const DOTS = /[.\u3002\u00b7\u30fb]/;
const COLONS = /[\u2236\ua789]/g;
const ENCODED = /%([0-9A-Fa-f]{2})|&#(?:x([0-9A-Fa-f]{1,4})|(\d{1,5}));/g;
/** Values that pass through several systems are encoded by each. */
const MOST_ENCODINGS = 3;
const OTHER_DIGITS = /[^\0-\x7f]/u;
const DIGIT = /\p{Nd}/u;
/** Cyrillic and Greek letters, folded, that look like Latin ones. */
const LOOKALIKES = new Map(
  Array.from(
    'аaвbеeкkмmнhоoрpсcтtуyхxіiјjѕsԁdһhԛqԝwαaβbεeιiκkνvοoρpτtυuχx'.matchAll(/(.)(.)/gu),
    ([, one = '', latin = '']) => [one, latin],
  ),
);
const LONGEST_ID = 1_000;
const SEPARATORS = /[^\p{L}\p{N}]/gu;
const WHOLE_NUMBER = /^\+?0*(\d{1,20})$/;

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
  const others = ofFields(undefined);
  const words = new WordSearch(others);
  const bare = new Set([...others].map(withoutSeparators).filter(Boolean));
  return strongest(texts, ({ text }) => {
    const word = words.in(text) ?? (bare.has(withoutSeparators(text)) ? 'near' : undefined);
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

/** Percent-encoding and character references of HTML. */
function decoded(text: string): string {
  let value = text;
  for (let times = 0; times < MOST_ENCODINGS && /[%&]/.test(value); times += 1) {
    value = value.replace(ENCODED, (_, percent?: string, hex?: string, decimal?: string) =>
      String.fromCharCode(Number.parseInt(percent ?? hex ?? decimal ?? '', decimal ? 10 : 16)),
    );
  }
  return value;
}

/** The digits of a script are at the begin of a row of 16 characters, or at its end. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  const row = code & ~15;
  return String(code - (DIGIT.test(String.fromCodePoint(row)) ? row : row + 6));
}

function normal(text: string): string {
  const value = decoded(text).normalize('NFKC').replace(NOT_SEEN, '');
  return OTHER_DIGITS.test(value) ? value.replace(/(?![0-9])\p{Nd}/gu, asciiDigit) : value;
}

const plain = (text: string): string => normal(text).replace(DASHES, '-').trim();

/** Without case and accents. Upper case first: it turns ß into SS, and both forms of σ into Σ. */
const folded = (text: string): string =>
  plain(text)
    .normalize('NFKD')
    .replace(MARKS, '')
    .toUpperCase()
    .toLowerCase()
    .replace(/[\u0370-\u052f]/g, (letter) => LOOKALIKES.get(letter) ?? letter);

/** An id with other hyphens, or with none. Long texts are no ids. */
const withoutSeparators = (text: string): string =>
  text.length > LONGEST_ID ? '' : folded(text).replace(SEPARATORS, '');

/** Splits at dots: an expression that matches the spaces around them takes quadratic time. */
const plainAddress = (text: string): string =>
  normal(text)
    .replace(COLONS, ':')
    .split(DOTS)
    .map((part) => part.trim())
    .join('.');

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
  return folded(text) === folded(wanted) || sameDigits(one, other) ? 'near' : undefined;
}

/** 0004711 and +4711 for 4711. */
function sameDigits(one: string, other: string): boolean {
  const digits = WHOLE_NUMBER.exec(one)?.[1];
  return digits !== undefined && digits === WHOLE_NUMBER.exec(other)?.[1];
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
