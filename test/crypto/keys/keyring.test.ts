import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { activeKey, parseKeyring } from '../../../src/crypto/keys/keyring.ts';

const secret = randomBytes(32);
const good = secret.toString('base64');

test('a keyring has its keys by id, and the active one', () => {
  const other = randomBytes(32).toString('base64');
  const keyring = parseKeyring(JSON.stringify({ active: 'b', keys: { a: other, b: good } }));
  if (Array.isArray(keyring)) throw new Error(keyring.join());
  expect([...keyring.keys.keys()]).toEqual(['a', 'b']);
  expect(activeKey(keyring).id).toBe('b');
  expect(activeKey(keyring).key.export()).toEqual(secret);
});

test.each(['', 'not JSON', `{"active": "a", "keys": {"a": "${good}"}`])(
  '%j is not JSON',
  (json) => {
    expect(parseKeyring(json)).toEqual(['is not JSON']);
  },
);

test.each([
  null,
  [],
  {},
  { active: 'a' },
  { active: 1, keys: {} },
  { active: 'a', keys: [good] },
  { active: 'a', keys: { a: 5 } },
  { active: 'a', keys: { a: good }, extra: 1 },
])('%j has another form', (value) => {
  expect(parseKeyring(JSON.stringify(value))).toEqual([
    expect.stringMatching(/^must be a JSON object/),
  ]);
});

test.each([
  ['one byte less', randomBytes(31).toString('base64')],
  ['one byte more', randomBytes(33).toString('base64')],
  ['nothing', ''],
  ['hex', secret.toString('hex')],
  ['base64 with a space', ` ${good}`],
  ['base64 without its padding', good.replace('=', '')],
  ['the URL form of base64', Buffer.alloc(32, 0xff).toString('base64url')],
])('a key of %s is refused by its id', (_what, key) => {
  expect(parseKeyring(JSON.stringify({ active: 'a', keys: { a: key } }))).toEqual([
    'key a is not the base64 of 32 bytes',
  ]);
});

test.each(['', '-a', 'a b', 'a/b', 'ä', 'x'.repeat(65), '__proto__'])('%j is no key id', (id) => {
  const json = `{"active": ${JSON.stringify(id)}, "keys": {${JSON.stringify(id)}: "${good}"}}`;
  const problems = parseKeyring(json);
  expect(problems).toBeInstanceOf(Array);
});

test('an id may be reserved for something else', () => {
  const json = JSON.stringify({ active: 'sha256', keys: { sha256: good } });
  expect(parseKeyring(json)).not.toBeInstanceOf(Array);
  expect(parseKeyring(json, ['sha256'])).toEqual([expect.stringContaining('reserved')]);
});

test('the active key has to be in the keyring', () => {
  for (const keys of [{}, { a: good }]) {
    expect(parseKeyring(JSON.stringify({ active: 'b', keys }))).toEqual([
      'names an active key that is not among its keys',
    ]);
  }
});

test('every problem is listed, without any part of a key', () => {
  const almost = randomBytes(30).toString('base64');
  const problems = parseKeyring(
    JSON.stringify({ active: good, keys: { [good]: good, a: almost, b: `${good}x` } }),
  );
  expect(problems).toHaveLength(3);
  const shown = JSON.stringify(problems);
  for (const key of [good, almost]) {
    for (let at = 0; at + 8 <= key.length; at += 1)
      expect(shown).not.toContain(key.slice(at, at + 8));
  }
});
