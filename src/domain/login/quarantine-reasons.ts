import { LOGIN_FIELDS } from './login-columns.ts';
import { ENVELOPE_RULES, TOO_MANY_ENVELOPES } from './message-envelope.ts';

/** A reason of `quarantine` as the labels of a metric: a fixed set of values. */
type ReasonLabels = { field: string; rule: string };

const REQUIRED_RULES = ['is missing', 'is empty'];
const TEXT_RULES = [
  'is not a string',
  'is too long',
  'holds a NUL character',
  'holds a lone surrogate',
];

const rulesOf = (field: (typeof LOGIN_FIELDS)[number]): string[] => [
  ...(field.nullable ? [] : REQUIRED_RULES),
  ...TEXT_RULES,
  ...('format' in field ? ['is not an IP address'] : []),
];

const RULES_BY_FIELD: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(LOGIN_FIELDS.map((field) => [field.field, rulesOf(field)])),
  message: [
    'is not JSON',
    'is not a JSON object',
    'begins with a byte-order mark',
    'is nested too deeply',
    'is too large',
    ...Object.values(ENVELOPE_RULES),
    TOO_MANY_ENVELOPES,
  ],
  user_logins: ['is refused by Postgres'],
};

/** The labels of a reason that is not in the table above, such as one from an older worker. */
export const OTHER_REASON: ReasonLabels = { field: 'other', rule: 'other' };

export const REASON_LABELS: readonly ReasonLabels[] = [
  ...Object.entries(RULES_BY_FIELD).flatMap(([field, rules]) =>
    rules.map((rule) => ({ field, rule })),
  ),
  OTHER_REASON,
];

/** @param reason `field: rule`, as stored in `quarantine` */
export function reasonLabels(reason: string): ReasonLabels {
  const colon = reason.indexOf(': ');
  const field = reason.slice(0, colon);
  const rule =
    field === 'user_logins' ? 'is refused by Postgres' : ruleClass(reason.slice(colon + 2));
  const known = Object.hasOwn(RULES_BY_FIELD, field) && RULES_BY_FIELD[field]?.includes(rule);
  return known ? { field, rule } : OTHER_REASON;
}

/** Removes the number of the limit and the text in parentheses from a rule. */
function ruleClass(rule: string): string {
  if (rule.startsWith('is longer than ')) return 'is too long';
  if (rule.startsWith('is larger than ')) return 'is too large';
  return rule.split(' (')[0] ?? rule;
}
