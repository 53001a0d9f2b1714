import { expect, test } from 'vitest';
import { LOGIN_FIELDS } from '../../../src/domain/login/login-columns.ts';
import { MAX_EVENT_BYTES, parseLoginEvent } from '../../../src/domain/login/login-event.ts';
import {
  largeBadMessages,
  loginFields,
  loginMessage,
  MAX_LENGTHS,
  smallBadMessages,
} from '../../support/data/login-messages.ts';
import { seededRandom } from '../seeded-random.ts';

test('a login event is read with all six fields', () => {
  expect(parseLoginEvent(loginMessage(1))).toEqual({ event: loginFields(1) });
});

test.each(
  [...smallBadMessages(7), ...largeBadMessages(7)].map(({ body, reason }) => ({
    reason,
    shown: body.length > 60 ? `${JSON.stringify(body).slice(0, 60)}…` : JSON.stringify(body),
    body,
  })),
)('$shown is refused: $reason', ({ body, reason }) => {
  expect(parseLoginEvent(body)).toEqual({ reason });
});

test.each([null, undefined, ''])('an optional field that is %j is null', (value) => {
  for (const { field } of LOGIN_FIELDS.filter(({ nullable }) => nullable)) {
    const { event } = parseLoginEvent(loginMessage(1, { [field]: value }));
    expect(event).toEqual(loginFields(1, { [field]: null }));
  }
});

test('unknown fields are ignored', () => {
  const body = loginMessage(1, { session: { deep: ['x'] }, ip_address: 7 });
  expect(parseLoginEvent(body)).toEqual({ event: loginFields(1) });
});

test.each(Object.entries(MAX_LENGTHS).filter(([field]) => field !== 'ip'))(
  '%s takes %i characters, counted as Postgres counts them',
  (field, max) => {
    const parse = (value: string) => parseLoginEvent(loginMessage(1, { [field]: value }));
    expect(parse('x'.repeat(max)).event).toHaveProperty(field, 'x'.repeat(max));
    // Two UTF-16 units each, and one character.
    expect(parse('🦊'.repeat(max)).event).toHaveProperty(field, '🦊'.repeat(max));
    expect(parse('🦊'.repeat(max + 1))).toEqual({
      reason: `${field}: is longer than ${max} characters`,
    });
  },
);

test('a lone surrogate is refused as it stands too, not only as an escape', () => {
  const body = loginMessage(1, { user_id: 'mark' }).replace('mark', 'a\ud83e');
  expect(parseLoginEvent(body)).toEqual({ reason: 'user_id: holds a lone surrogate' });
});

test('a surrogate pair is accepted', () => {
  expect(parseLoginEvent(loginMessage(1, { user_id: '🦊' })).event?.user_id).toBe('🦊');
});

test('the address is read in its one written form', () => {
  const address = (ip: string) => parseLoginEvent(loginMessage(1, { ip })).event?.ip;
  expect(address('::ffff:1.2.3.4')).toBe('1.2.3.4');
  expect(address('2001:DB8:0:0::1')).toBe('2001:db8::1');
});

test('the size is bounded in bytes, not in characters', () => {
  const withPadding = (padding: string) => loginMessage(1, { padding });
  const room = MAX_EVENT_BYTES - Buffer.byteLength(withPadding(''));
  expect(parseLoginEvent(withPadding('x'.repeat(room))).event).toBeDefined();
  expect(parseLoginEvent(withPadding('x'.repeat(room + 1))).reason).toContain('is larger than');
  expect(parseLoginEvent(withPadding('é'.repeat(room / 2 + 1))).reason).toContain('is larger than');
});

test('the first field in the order of the schema is named when several are wrong', () => {
  const { reason, faults } = parseLoginEvent('{}');
  expect(reason).toBe('user_id: is missing');
  expect(faults?.[0]).toBe(reason);
});

test('all problems of a message are named, in the order of the schema', () => {
  const body = loginMessage(1, { ip: '999.1.1.1', app_version: 7, locale: 'x'.repeat(33) });
  expect(parseLoginEvent(body).faults).toEqual([
    'ip: is not an IP address',
    'locale: is longer than 32 characters',
    'app_version: is not a string',
  ]);
  expect(parseLoginEvent(loginMessage(1, { ip: 5 })).faults).toBeUndefined();
});

// Whatever a reason says is one of these: so it says no value.
const REASON = new RegExp(
  '^((user_id|app_version|device_type|ip|locale|device_id): ' +
    '(is missing|is not a string|is empty|is longer than (32|64|128|256) characters|holds a NUL character|' +
    'holds a lone surrogate|is not an IP address)' +
    '|message: (is larger than 262144 bytes|begins with a byte-order mark|is nested too deeply|is not JSON|' +
    'is not a JSON object))$',
);

test('whatever the message is, reading it does not throw and the reason repeats nothing of it', () => {
  const random = seededRandom(20_261_122);
  const seen = new Set<string>();
  let good = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const body = garbled(random);
    const { event, reason, faults = [reason] } = parseLoginEvent(body);
    if (event) good += 1;
    else {
      for (const fault of faults) expect(fault).toMatch(REASON);
      seen.add(reason);
    }
  }
  // The loop is worth something only if it gets everywhere.
  expect(good).toBeGreaterThan(100);
  expect(seen.size).toBeGreaterThan(25);
});

type Random = ReturnType<typeof seededRandom>;

const ODD_VALUES: unknown[] = [
  null,
  true,
  0,
  -1.5e300,
  '',
  '\u0000',
  '\udc00',
  '::1',
  '999.1.1.1',
  'e\u0301'.repeat(40),
  'x'.repeat(257),
  [],
  {},
  [[['10.9.8.7']]],
  { toString: 'x' },
];
const FIELDS = [...Object.keys(MAX_LENGTHS), '__proto__', 'constructor', 'extra'];
const ODD_TEXT = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ',',
  ':',
  '\u0000',
  '\uFEFF',
  '\ud800',
  '\\u0000',
  'null',
  '1e999',
];

/** A login event with some fields changed, and now and then a few characters of its text. */
function garbled(random: Random): string {
  const changes = Object.fromEntries(
    Array.from({ length: random.below(3) }, () => [random.of(FIELDS), random.of(ODD_VALUES)]),
  );
  const fields = loginFields(random.below(1_000), changes);
  for (const field of FIELDS) if (random.below(20) === 0) delete fields[field];
  let body = JSON.stringify(random.below(15) === 0 ? [fields] : fields);
  for (let edits = random.below(4) - 1; edits > 0; edits -= 1) {
    const at = random.below(body.length + 1);
    body = body.slice(0, at) + random.of(ODD_TEXT) + body.slice(at + random.below(3));
  }
  if (random.below(40) === 0)
    body = random.of(['[', '{"a":', '"']).repeat(random.below(300)) + body;
  return body;
}
