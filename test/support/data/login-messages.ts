export type LoginFields = Record<string, unknown>;

/** The fields of a valid login event, with a user, address and device of their own for each number. */
export function loginFields(number: number, changes: LoginFields = {}): LoginFields {
  return {
    user_id: `user-${number}`,
    app_version: '2.3.0',
    device_type: 'android',
    ip: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    locale: 'RU',
    device_id: `device-${number}`,
    ...changes,
  };
}

export const loginMessage = (number: number, changes: LoginFields = {}): string =>
  JSON.stringify(loginFields(number, changes));

export const loginMessages = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => loginMessage(number));

export const REQUIRED_FIELDS = [
  'user_id',
  'app_version',
  'device_type',
  'ip',
  'device_id',
] as const;

export const MAX_LENGTHS = {
  user_id: 128,
  app_version: 32,
  device_type: 32,
  ip: 64,
  locale: 32,
  device_id: 256,
} as const;

/** A message that is not a login event, and the reason that `quarantine` must give for it. */
export type BadMessage = { body: string; reason: string };

const DEEP = 100_000;
export const MAX_SQS_BYTES = 1_048_576;

/** One of every small kind. */
export function smallBadMessages(number: number): BadMessage[] {
  const bad = (field: string, value: unknown, rule: string): BadMessage => ({
    body: loginMessage(number, { [field]: value }),
    reason: `${field}: ${rule}`,
  });
  return [
    { body: `not JSON ${number}`, reason: 'message: is not JSON' },
    { body: loginMessage(number).slice(0, -1), reason: 'message: is not JSON' },
    { body: String(number), reason: 'message: is not a JSON object' },
    { body: `[${loginMessage(number)}]`, reason: 'message: is not a JSON object' },
    { body: JSON.stringify(`user-${number}`), reason: 'message: is not a JSON object' },
    { body: 'null', reason: 'message: is not a JSON object' },
    { body: `\uFEFF${loginMessage(number)}`, reason: 'message: begins with a byte-order mark' },
    ...REQUIRED_FIELDS.flatMap((field) => [
      bad(field, undefined, 'is missing'),
      bad(field, null, 'is not a string'),
      bad(field, number, 'is not a string'),
      bad(field, '', 'is empty'),
      bad(
        field,
        'x'.repeat(MAX_LENGTHS[field] + 1),
        `is longer than ${MAX_LENGTHS[field]} characters`,
      ),
      bad(field, `a\u0000${number}`, 'holds a NUL character'),
      bad(field, `a\ud800${number}`, 'holds a lone surrogate'),
    ]),
    bad('locale', number, 'is not a string'),
    bad('locale', 'x'.repeat(MAX_LENGTHS.locale + 1), 'is longer than 32 characters'),
    bad('locale', 'a\u0000', 'holds a NUL character'),
    bad('locale', 'a\udfff', 'holds a lone surrogate'),
    bad('ip', `10.0.0.${256 + (number % 100)}`, 'is not an IP address'),
    bad('ip', 'fe80::1%eth0', 'is not an IP address'),
  ];
}

/** One of every kind that needs 100 kB to 1 MiB. */
export function largeBadMessages(number: number): BadMessage[] {
  const padding = MAX_SQS_BYTES - Buffer.byteLength(loginMessage(number, { padding: '' }));
  return [
    { body: `${'['.repeat(DEEP)}${number}`, reason: 'message: is nested too deeply' },
    {
      body: loginMessage(number).replace('{', `{"deep":${'['.repeat(DEEP)}${']'.repeat(DEEP)},`),
      reason: 'message: is nested too deeply',
    },
    {
      body: loginMessage(number, { padding: 'x'.repeat(padding) }),
      reason: 'message: is larger than 262144 bytes',
    },
  ];
}
