import { isIPv4 } from 'node:net';
import { expect, test } from 'vitest';
import { canonicalIp } from '../../../src/domain/login/ip-address.ts';
import { seededRandom } from '../seeded-random.ts';

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['255.255.255.255', '255.255.255.255'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::FFFF:1.2.3.4', '1.2.3.4'],
  ['::ffff:102:304', '1.2.3.4'],
  ['0:0:0:0:0:ffff:0102:0304', '1.2.3.4'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::', '::'],
  // IPv4-compatible, NAT64, ISATAP and IPv4-translated addresses are IPv6.
  ['::1.2.3.4', '::102:304'],
  ['0::1.2.3.4', '::102:304'],
  ['::0.0.0.1', '::1'],
  ['::0.0.0.0', '::'],
  ['::127.0.0.1', '::7f00:1'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['FE80::5EFE:1.2.3.4', 'fe80::5efe:102:304'],
  ['::ffff:0:1.2.3.4', '::ffff:0:102:304'],
  ['::ffff:0.0.0.0', '0.0.0.0'],
])('%s is %s', (written, canonical) => {
  expect(canonicalIp(written)).toBe(canonical);
});

test.each([
  '',
  ' 1.2.3.4',
  '1.2.3.4 ',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4/32',
  '0x1.2.3.4',
  '16909060',
  'fe80::1%eth0',
  '::ffff:1.2.3.400',
  '1::2::3',
  '12345::',
  'localhost',
  '１.2.3.4',
  '[::1]',
  '::1]@[::2',
  '[1.2.3.4]',
  '::1/128',
  '::1.2.3.04',
  '::ffff:1.2.3.4%1',
  '::%',
  '1.2.3.4:80',
  '::00001',
  '::1\n',
  'http://[::1]',
])('%j is no address', (text) => {
  expect(canonicalIp(text)).toBeUndefined();
});

type Random = ReturnType<typeof seededRandom>;

/** Eight hextets with runs of zeros, sometimes with a prefix that embeds an IPv4 address. */
function anyAddress(random: Random): number[] {
  const prefixes = [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0xffff],
    [0, 0, 0, 0, 0xffff, 0],
    [0x64, 0xff9b, 0, 0, 0, 0],
    [0xfe80, 0, 0, 0, 0, 0x5efe],
    [0x2002, 0x102, 0x304, 0, 0, 0],
  ];
  const hextet = () => (random.below(2) === 0 ? 0 : random.below(0x1_0000) >> random.below(16));
  const all = Array.from({ length: 8 }, hextet);
  return random.below(2) === 0 ? all : [...random.of(prefixes), ...all.slice(6)];
}

/** Any of the spellings that RFC 4291 allows for it. */
function spelling(hextets: readonly number[], random: Random): string {
  const dotted = random.below(2) === 0;
  const groups = hextets
    .slice(0, dotted ? 6 : 8)
    .map((hextet) => hextet.toString(16).padStart(random.below(5), '0'));
  if (dotted) {
    const [high = 0, low = 0] = hextets.slice(6);
    groups.push([high >> 8, high & 255, low >> 8, low & 255].join('.'));
  }
  const from = random.below(groups.length);
  const zeros = groups.slice(from).findIndex((group) => !/^0+$/.test(group));
  const run = zeros < 0 ? groups.length - from : zeros;
  const shortened =
    run > 0 && random.below(3) > 0
      ? `${groups.slice(0, from).join(':')}::${groups.slice(from + 1 + random.below(run)).join(':')}`
      : groups.join(':');
  // A shorter run leaves zeros behind the `::`, which is as good a spelling.
  return random.below(2) === 0 ? shortened.toUpperCase() : shortened;
}

test('every spelling of an address has the same form, and two addresses never have one', () => {
  const random = seededRandom(16);
  const addressOf = new Map<string, string>();
  for (let round = 0; round < 3_000; round += 1) {
    const hextets = anyAddress(random);
    const spellings = Array.from({ length: 12 }, () => spelling(hextets, random));
    const forms = new Set(spellings.map(canonicalIp));
    expect(forms.size, spellings.join(' ')).toBe(1);
    const [form] = forms;
    expect(form).toBeDefined();
    expect(canonicalIp(form as string)).toBe(form);
    const known = addressOf.get(form as string);
    expect(known ?? hextets.join(), form).toBe(hextets.join());
    addressOf.set(form as string, hextets.join());
    const mapped = hextets.slice(0, 6).join() === '0,0,0,0,0,65535';
    expect(isIPv4(form as string), form).toBe(mapped);
  }
});
