import type { RetentionPolicy } from '../../domain/tables/retention.ts';
import { type Settings, section } from '../declare-section.ts';
import { wholeNumber } from '../value-parsers.ts';

/** The ledger must have the runs of a month until the month has left: see `whatDetaches`. */
const LEDGER_MONTHS_MORE = 3;

const SETTINGS = {
  loginMonths: {
    name: 'LOGIN_RETENTION_MONTHS',
    example: '13',
    description:
      "The custodian's worker: how many complete months of `user_logins` are kept beside the current one. Older months are detached once they are closed, add up in the ledger and are in a recorded backup. Not set: all are kept.",
    parse: wholeNumber(1, 1_200),
  },
  detachedDays: {
    name: 'LOGIN_RETENTION_DETACHED_DAYS',
    default: '30',
    description:
      'How many days the table of a detached month is kept. Then it is dropped, with the originals in the vault that no other row needs.',
    parse: wholeNumber(1, 3_650),
  },
  quarantineDays: {
    name: 'QUARANTINE_RETENTION_DAYS',
    example: '365',
    description:
      "Days after which the custodian's worker discards quarantined messages, with an audit record. Not set: all are kept.",
    parse: wholeNumber(15, 36_500),
  },
  ledgerMonths: {
    name: 'LEDGER_RETENTION_MONTHS',
    example: '24',
    description:
      "Complete months after which the custodian's worker removes runs from the ledger. Not set: all are kept.",
    parse: wholeNumber(3, 1_200),
  },
} as const satisfies Settings;

export const retention = section<typeof SETTINGS, RetentionPolicy>(
  'Retention, applied by the worker of the custodian',
  SETTINGS,
  ({ loginMonths, detachedDays, quarantineDays, ledgerMonths }, reader) => {
    if (loginMonths !== undefined && ledgerMonths !== undefined) {
      const least = loginMonths + LEDGER_MONTHS_MORE;
      if (ledgerMonths < least) {
        const { name } = SETTINGS.ledgerMonths;
        reader.problem(
          name,
          `must be at least ${SETTINGS.loginMonths.name} + ${LEDGER_MONTHS_MORE}`,
        );
      }
    }
    return { loginMonths, detachedDays, quarantineDays, ledgerMonths };
  },
);
