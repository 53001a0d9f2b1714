import { describe, expect, test } from 'vitest';
import { mentions, type Wanted } from '../../../src/domain/login/mentions.ts';

const user = (userId: string): Wanted => ({ kind: 'user', userId });
const values: Wanted = {
  kind: 'values',
  ips: new Set(['198.51.100.7', '2001:db8::7']),
  deviceIds: new Set(['dev-7']),
};
const DEEP = '['.repeat(1_000);

describe('a message is about a user', () => {
  test.each([
    ['by its user_id', '{"user_id": "ann", "ip": 5}'],
    ['by a user_id that is a number', '{"user_id": 4711}', '4711'],
    ['by a value somewhere in it', '{"user_id": "bob", "via": ["ann"]}'],
    ['where it has no user and names them', '{"note": "from ann, broken"}'],
    ['where it is no JSON and names them', 'user_id=ann; {'],
    ['where it is cut off', '{"user_id": "ann", "ip": "198'],
    ['after a byte-order mark', '\uFEFF{"user_id": "ann"}'],
    ['where it is nested too deeply to be parsed', `${DEEP}"ann"`],
  ])('%s', (_how, body, id = 'ann') => {
    expect(mentions(body, user(id))).toBe(true);
  });

  test.each([
    ['of another user, a value of which contains the id', '{"user_id": "ann-lee", "note": "ann?"}'],
    ['of another user', '{"user_id": "bob", "ip": 5}'],
    ['that has the id within a word', 'user_id=annette {'],
  ])('and not one %s', (_what, body) => {
    expect(mentions(body, user('ann'))).toBe(false);
  });
});

describe('a message holds an address or a device', () => {
  test.each([
    '{"ip": "198.51.100.7/32"}',
    '{"ip": "::ffff:198.51.100.7"}',
    '{"a": {"b": ["2001:0DB8:0:0::7"]}}',
    'came from 198.51.100.7.',
    '{"198.51.100.7": 1}',
    '{"device_id": "dev-7"}',
    'x"dev-7"',
  ])('%s', (body) => {
    expect(mentions(body, values)).toBe(true);
  });

  test.each([
    '{"ip": "198.51.100.77"}',
    '{"device_id": "dev-77"}',
    '{"ip": "1198.51.100.7"}',
    '',
    'null',
  ])('and not %s', (body) => {
    expect(mentions(body, values)).toBe(false);
  });
});
