import type { DayCount } from '../../postgres/reads/read-days.ts';

type Group = Pick<DayCount, 'value' | 'logins' | 'users'>;

type DayStats =
  | { day: string; logins: number; users: number; groups?: Group[]; withheld: boolean }
  | { day: string; withheld: true };

/**
 * Leaves out what tells of fewer users than `smallest`. The total less the groups that are shown is what the others have
 * together: so where one is left out, the smallest of those that could be shown is left out, too.
 */
export function withholdSmall(
  totals: readonly DayCount[],
  groups: readonly DayCount[] | undefined,
  smallest: number,
): DayStats[] {
  const byDay = Map.groupBy(groups ?? [], (group) => group.day);
  return totals.map(({ day, logins, users }) => {
    if (users < smallest) return { day, withheld: true };
    if (!groups) return { day, logins, users, withheld: false };
    const ofDay = byDay.get(day) ?? [];
    const large = ofDay
      .filter((group) => group.users >= smallest)
      .sort((one, other) => other.users - one.users);
    const withheld = large.length < ofDay.length;
    const shown = withheld ? large.slice(0, -1) : large;
    return {
      day,
      logins,
      users,
      withheld,
      groups: shown.map(({ value, logins, users }) => ({ value, logins, users })),
    };
  });
}

/** Two ranges that differ by a day differ by a multiple of this, so the difference does not tell of single users. */
export const roundedDown = (value: number, step: number): number => Math.floor(value / step) * step;
