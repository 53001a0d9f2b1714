import { describe, expect, test } from 'vitest';
import type { MaskedField } from '../../../src/domain/login/login-columns.ts';
import { mentions, type Wanted } from '../../../src/domain/login/mentions.ts';

const user = (userId: string): Wanted => ({ kind: 'user', userId });
const values = {
  kind: 'values' as const,
  originals: new Map<MaskedField, Set<string>>([
    ['ip', new Set(['198.51.100.7', '2001:db8::7'])],
    ['device_id', new Set(['dev-7'])],
  ]),
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
    ['where another user_id follows', '{"user_id": "ann", "user_id": "bob"}'],
    ['where another user_id precedes', '{"user_id": "bob", "user_id": "ann"}'],
    ['where the id is escaped in broken JSON', '{"user_id": "\\u0061nn", "ip": '],
    ['where the name is escaped', '{"user\\u005fid": "ann", "x": '],
    ['where the id is padded', '{"user_id": "  ann\\t"}'],
    ['where the id has an invisible character', '{"user_id": "\u200bann"}'],
    ['where the id has a NUL', '{"user_id": "ann\\u0000"}'],
    ['where the id has a lone surrogate', '{"user_id": "ann\\ud800"}'],
    ['where the id has another kind of hyphen', '{"user_id": "ann\u2011lee"}', 'ann-lee'],
    ['where the id is percent-encoded', '{"user_id": "a%6en"}'],
    ['by a number in another spelling', '{"user_id": 4711.0}', '4711'],
    ['by a number with an exponent', '{"user_id": 4.711e3}', '4711'],
    ['where it is written in full width', '{"user_id": "ａｎｎ"}'],
    ['in full width in broken JSON', 'user_id=ａｎｎ; {'],
    ['where its accent is a character of its own', '{"user_id": "Zoe\u0308"}', 'Zoë'],
    ['with such an accent in broken JSON', 'user_id=Zoe\u0308; {', 'Zoë'],
    ['where the id is percent-encoded twice', '{"user_id": "a%256en"}'],
    ['where the id has a character reference', '{"user_id": "&#97;n&#x6e;"}'],
    ['by digits of another script', '{"user_id": "٤٧١١"}', '4711'],
    ['where the id alone is base64', '{"user_id": "dmljdGltLTE="}', 'victim-1'],
    ['in base64 with line breaks', 'eyJ1c2Vy\nX2lkIjoi\nYW5uIn0=\n'],
    ['in a data URL', '{"body": "data:application/json;base64,eyJ1c2VyX2lkIjoiYW5uIn0="}'],
    ['in a JSON string, as SNS sends it', JSON.stringify({ Message: '{"user_id":"ann"}' })],
    ['in base64', Buffer.from('{"user_id":"ann"}').toString('base64')],
    [
      'in base64 within JSON',
      JSON.stringify({ body: Buffer.from('{"user_id":"ann"}').toString('base64') }),
    ],
  ])('%s', (_how, body, id = 'ann') => {
    expect(mentions(body, user(id))).toBe('certain');
  });

  test.each([
    ['in another case', '{"user_id": "ANN"}'],
    ['in another case, in broken JSON', 'user_id=Ann; {'],
    ['in another case and padded', '{"user_id": " Ann "}'],
    ['in another case on a line of its own', 'x\nANN\ny; {'],
    ['in upper case, where ß is SS', '{"user_id": "STRASSE"}', 'Straße'],
    ['in lower case, where SS was ß', 'user_id=straße; {', 'STRASSE'],
    ['with another sigma', '{"user_id": "ΣΊΣΥΦΟΣ"}', 'σίσυφος'],
    ['without its accent', '{"user_id": "zoe"}', 'Zoë'],
    ['with Cyrillic letters that look the same', '{"user_id": "аnn"}'],
    ['with leading zeros', '{"user_id": "0004711"}', '4711'],
    ['with a sign', '{"user_id": "+4711"}', '4711'],
    ['with a Turkish i', '{"user_id": "İpek"}', 'ipek'],
    ['with a Turkish i in broken JSON', 'x İpek {', 'ipek'],
  ])('perhaps, %s', (_how, body, id = 'ann') => {
    expect(mentions(body, user(id))).toBe('near');
  });

  test.each([
    ['of another user, a value of which contains the id', '{"user_id": "ann-lee", "note": "ann?"}'],
    ['of another user', '{"user_id": "bob", "ip": 5}'],
    ['that has the id within a word', 'user_id=annette {'],
  ])('and not one %s', (_what, body) => {
    expect(mentions(body, user('ann'))).toBe(undefined);
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
    '{"ip": "198.51.100.7:443"}',
    '{"ip": "198.051.100.007"}',
    '{"ip": "198.051.100.007:443"}',
    '{"ip": "[2001:db8::7]:443"}',
    '{"ip": "2001:db8::7%eth0"}',
    '{"ip": " 198.51.100.7 "}',
    '{"ip": "198.51.100.7."}',
    '{"ip": "1\u200b98.51.100.7"}',
    '{"ip": "198\u300251\u3002100\u30027"}',
    '{"ip": "198 . 51 . 100 . 7"}',
    '{"ip": "%31%39%38.51.100.7"}',
    '{"ip": "198%252E51%252E100%252E7"}',
    '{"ip": "198&#46;51&#x2e;100.7"}',
    '{"ip": "١٩٨.٥١.١٠٠.٧"}',
    '{"ip": "१९८.५१.१००.७"}',
    '{"ip": "198·51·100·7"}',
    '{"ip": "2001\u2236db8\u2236\u22367"}',
    'ip: 198.51.100.7',
    '{"ip": "\\u0031\\u00398.51.100.7"',
    '{"ip": "１９８.51.100.7"}',
    '{"ip": "::ffff:c633:6407"}',
    '{"ip": ["198.51.100.7"], "ip": "1.2.3.4"}',
  ])('%s', (body) => {
    expect(mentions(body, values)).toBe('certain');
  });

  test.each([
    '{"device_id": "DEV-7"}',
    '{"device_id": "dev7"}',
    '{"device_id": "dev_7"}',
    '{"device_id": "{dеv-7}"}',
    '{"ip": "ip-198-51-100-7.ec2.internal"}',
    '{"ip": "198,51,100,7"}',
    '{"ip": "7.100.51.198.in-addr.arpa"}',
    '{"ip": "0xC6336407"}',
    '{"ip": 3325256711}',
    '{"ip": "0306.063.0144.07"}',
    '{"ip": "64:ff9b::c633:6407"}',
    '{"ip": "2001:db8::7:443"}',
  ])('perhaps: %s', (body) => {
    expect(mentions(body, values)).toBe('near');
  });

  test.each([
    '{"ip": "198.51.100.77"}',
    '{"device_id": "dev-77"}',
    '{"ip": "1198.51.100.7"}',
    '',
    'null',
  ])('and not %s', (body) => {
    expect(mentions(body, values)).toBe(undefined);
  });
});

test.each([
  ['words', 'dev-7a '.repeat(150_000)],
  ['one repeated letter', 'd'.repeat(1_048_576)],
  ['addresses', Array.from({ length: 100_000 }, (_, n) => `::${n.toString(16)}`).join(' ')],
  ['brackets', '['.repeat(1_048_576)],
  ['open strings', '"\\'.repeat(500_000)],
  ['names', '"":'.repeat(300_000)],
  ['dots', '1.'.repeat(500_000)],
  ['spaces', `"a${' '.repeat(1_048_576)}b"`],
  ['encodings', `"${'%25'.repeat(300_000)}"`],
])(
  'the time grows linearly with the body: %s',
  (_what, body) => {
    const wanted: Wanted = {
      kind: 'values',
      originals: new Map([
        ...values.originals,
        ['device_id', new Set(Array.from({ length: 100 }, (_, n) => `dev-${n}`))],
      ]),
    };
    const cost = (text: string) => {
      const start = process.cpuUsage().user;
      mentions(text, wanted);
      return process.cpuUsage().user - start;
    };
    const eighth = body.slice(0, body.length / 8);
    cost(eighth);
    // Processor time also counts the compiler and the garbage collector, which run when they like: one of some tries is
    // enough. Eight times the text would take 64 times as long if the time grew with its square.
    const most = Math.max(cost(eighth), 20_000) * 8 * 4;
    let whole = cost(body);
    for (let tries = 1; whole > most && tries < 3; tries += 1) whole = Math.min(whole, cost(body));
    expect(whole).toBeLessThanOrEqual(most);
  },
  60_000,
);
