import { DAY_MS, dayOf, type Month, monthOf } from './days.ts';
import {
  type Backup,
  closedAt,
  monthStart,
  monthsDue,
  type RetentionDone,
  type RetentionPolicy,
} from './retention.ts';

/** A partition of `user_logins`. Rows as Postgres estimates them: null until it has analyzed the table. */
export type MonthTable = { month: Month; table: string; rows: number | null; bytes: number };

/** A month that was detached and not yet dropped. */
export type DetachedTable = {
  month: Month;
  table: string;
  rows: number;
  bytes: number;
  backup: string;
  detachedAt: Date;
  originalsAt: Date | null;
};

export type TablesState = {
  months: MonthTable[];
  /** Months that should have a partition and have none. */
  missing: Month[];
  detached: DetachedTable[];
  /** Rows in the default partition, counted up to 100,000. */
  defaultRows: number;
  backups: Backup[];
  maintainedAt: Date | null;
  /** As the custodian's worker has last applied it; null when none has. */
  retention: { at: Date; policy: RetentionPolicy; waiting: RetentionDone['waiting'] } | null;
};

const tableOf = (month: Month): string => `user_logins_${month.replace('-', '_')}`;

/** How many months in a row, from the next one on, have a partition. */
export function monthsAhead({ months }: Pick<TablesState, 'months'>, now: Date): number {
  const there = new Set(months.map(({ month }) => month));
  let ahead = 0;
  while (there.has(monthOf(monthStart(monthOf(now), ahead + 1)))) ahead += 1;
  return ahead;
}

export const dropsAt = ({ detachedAt }: DetachedTable, { detachedDays }: RetentionPolicy): Date =>
  new Date(detachedAt.getTime() + detachedDays * DAY_MS);

/** When the next table is dropped; undefined when none is detached. */
export function nextDropAt({ detached, retention }: TablesState): Date | undefined {
  if (!retention) return undefined;
  return detached.map((table) => dropsAt(table, retention.policy)).toSorted((a, b) => +a - +b)[0];
}

/** Whether the settings of the custodian's worker ask for any retention. */
export const isRetentionOn = ({ loginMonths, quarantineDays, ledgerMonths }: RetentionPolicy) =>
  [loginMonths, quarantineDays, ledgerMonths].some((setting) => setting !== undefined);

/** What holds for a month, in words. */
export function stateOfMonth(month: Month, { retention }: TablesState, now: Date): string {
  if (monthStart(month) > now) return 'ahead';
  if (closedAt(month) > now) return `open until ${dayOf(closedAt(month))}`;
  if (retention?.policy.loginMonths === undefined) return 'kept';
  const due = monthStart(month, 1 + retention.policy.loginMonths);
  if (due > now) return `kept until ${dayOf(due)}`;
  const waits = retention.waiting.find((each) => each.month === month);
  return waits ? `due, waits: ${waits.for}` : 'due';
}

/** What the next maintenance will do. The custodian's worker looks at a month that is due once more before it is detached. */
export function nextActions(state: TablesState, now: Date): string[] {
  const { months, missing, detached, defaultRows, retention } = state;
  const actions = [
    ...(defaultRows > 0 ? [`move ${defaultRows} row(s) out of the default partition`] : []),
    ...missing.map((month) => `make ${tableOf(month)}`),
  ];
  if (!retention) return actions;
  const { policy, waiting } = retention;
  const due = monthsDue(
    months.map(({ month }) => month),
    policy,
    now,
  );
  for (const month of due) {
    const waits = waiting.find((each) => each.month === month);
    const name = tableOf(month);
    actions.push(
      waits
        ? `keep ${name}, unless this has changed: ${waits.for}`
        : `detach ${name}, if it adds up and is in a backup`,
    );
  }
  for (const table of detached) {
    const at = dropsAt(table, policy);
    if (policy.loginMonths !== undefined && at <= now) actions.push(`drop ${table.table}`);
  }
  return actions;
}
