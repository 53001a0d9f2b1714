import { DAY_MS, type Month } from './days.ts';

/** The settings of the custodian's worker. Undefined: everything is kept. */
export type RetentionPolicy = {
  /** Complete months that are kept before the current one. */
  loginMonths?: number | undefined;
  /** Days between detaching a month and dropping its table. */
  detachedDays: number;
  quarantineDays?: number | undefined;
  ledgerMonths?: number | undefined;
};

/** SQS keeps a message for 14 days at most; a day more, since clocks differ. */
const CLOSED_AFTER_DAYS = 15;

/** The first moment (UTC) of the month that is `months` after this one. */
export function monthStart(month: Month, months = 0): Date {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1));
}

/** When no message of the month can come any more. */
export const closedAt = (month: Month): Date =>
  new Date(monthStart(month, 1).getTime() + CLOSED_AFTER_DAYS * DAY_MS);

/** Months that the policy keeps no longer, the oldest first. */
export function monthsDue(months: readonly Month[], policy: RetentionPolicy, now: Date): Month[] {
  const { loginMonths } = policy;
  if (loginMonths === undefined) return [];
  return months
    .filter((month) => monthStart(month, 1 + loginMonths) <= now && closedAt(month) <= now)
    .toSorted();
}

/** What was found out about a month that is due. */
export type MonthFacts = {
  lastInsertedAt: Date | null;
  /** Runs that began before the month was closed and are open, so that they may still store its messages. */
  openRuns: readonly string[];
  /** Batches whose rows are no longer those that they stored. */
  changedBatches: number;
  /** Runs of its rows that the ledger does not know. */
  unknownRuns: number;
  /** When a rotation of masking keys last changed rows. */
  lastRemaskedAt: Date | null;
};

export type Backup = { label: string; startedAt: Date };

/** The backup that a month is detached with, or why it must stay. */
export function whatDetaches(
  month: Month,
  facts: MonthFacts,
  backups: readonly Backup[],
): { backup: string } | { waitsFor: string } {
  const { openRuns, changedBatches, unknownRuns } = facts;
  if (openRuns.length > 0)
    return { waitsFor: `${openRuns[0]} is open and may still store its messages` };
  if (changedBatches + unknownRuns > 0) {
    const what = [
      ...(changedBatches > 0 ? [`${changedBatches} batch(es) have lost or changed rows`] : []),
      ...(unknownRuns > 0 ? [`${unknownRuns} run(s) are not in the ledger`] : []),
    ];
    return { waitsFor: `the ledger does not add up: ${what.join(', ')}` };
  }
  const changedAt = Math.max(
    monthStart(month, 1).getTime(),
    ...[facts.lastInsertedAt, facts.lastRemaskedAt].map((date) => date?.getTime() ?? 0),
  );
  const backup = backups.find(({ startedAt }) => startedAt.getTime() > changedAt);
  if (backup) return { backup: backup.label };
  return {
    waitsFor: `no backup since ${new Date(changedAt).toISOString().slice(0, 16)}Z is recorded`,
  };
}

export type RetentionDone = {
  detached: Month[];
  dropped: string[];
  /** Months that are due and stay. */
  waiting: { month: Month; for: string }[];
  originalsRemoved: number;
  quarantineDiscarded: number;
  ledgerRunsRemoved: number;
};
