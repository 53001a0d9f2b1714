import { expect, test } from 'vitest';
import { parseLoginEvent } from '../../../src/domain/login/login-event.ts';
import {
  OTHER_REASON,
  REASON_LABELS,
  reasonLabels,
} from '../../../src/domain/login/quarantine-reasons.ts';
import { largeBadMessages, smallBadMessages } from '../../support/data/login-messages.ts';

test('every reason that there can be has labels of its own, known beforehand and without a number', () => {
  for (const { body } of [...smallBadMessages(3), ...largeBadMessages(3)]) {
    const { reason = '' } = parseLoginEvent(body);
    const labels = reasonLabels(reason);
    expect(labels, reason).not.toEqual(OTHER_REASON);
    expect(REASON_LABELS).toContainEqual(labels);
    expect(Object.values(labels).join()).not.toMatch(/\d/);
  }
});

test('what Postgres refuses is one reason, whatever its code', () => {
  const refused = { field: 'user_logins', rule: 'is refused by Postgres' };
  expect(reasonLabels('user_logins: a row breaks a constraint (23514)')).toEqual(refused);
  expect(reasonLabels('user_logins: a value does not fit its column (22001)')).toEqual(refused);
});

test.each(['', 'ip', 'ip: 203.0.113.7', 'secret: is missing', 'constructor: is missing'])(
  'a reason that is not ours becomes no label: %j',
  (reason) => expect(reasonLabels(reason)).toEqual(OTHER_REASON),
);
