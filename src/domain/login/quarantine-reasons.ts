/** A reason of `quarantine`, cut down to what a metric may have as labels: a few values, known beforehand. */
export type ReasonLabels = { field: string; rule: string };

const TEXT_RULES = [
  'is missing',
  'is not a string',
  'is empty',
  'is too long',
  'holds a NUL character',
  'holds a lone surrogate',
];

const RULES_BY_FIELD: Readonly<Record<string, readonly string[]>> = {
  user_id: TEXT_RULES,
  app_version: TEXT_RULES,
  device_type: TEXT_RULES,
  ip: [...TEXT_RULES, 'is not an IP address'],
  locale: TEXT_RULES.slice(1),
  device_id: TEXT_RULES,
  message: [
    'is not JSON',
    'is not a JSON object',
    'begins with a byte-order mark',
    'is nested too deeply',
    'is too large',
  ],
  user_logins: ['is refused by Postgres'],
};

/** For a reason that is not in the table above: an older worker's, say. */
export const OTHER_REASON: ReasonLabels = { field: 'other', rule: 'other' };

export const REASON_LABELS: readonly ReasonLabels[] = [
  ...Object.entries(RULES_BY_FIELD).flatMap(([field, rules]) =>
    rules.map((rule) => ({ field, rule })),
  ),
  OTHER_REASON,
];

/** @param reason `field: rule`, as `quarantine` has it */
export function reasonLabels(reason: string): ReasonLabels {
  const colon = reason.indexOf(': ');
  const field = reason.slice(0, colon);
  const rule =
    field === 'user_logins' ? 'is refused by Postgres' : ruleClass(reason.slice(colon + 2));
  const known = Object.hasOwn(RULES_BY_FIELD, field) && RULES_BY_FIELD[field]?.includes(rule);
  return known ? { field, rule } : OTHER_REASON;
}

/** Without the number that a limit has. */
function ruleClass(rule: string): string {
  if (rule.startsWith('is longer than ')) return 'is too long';
  if (rule.startsWith('is larger than ')) return 'is too large';
  return rule;
}
