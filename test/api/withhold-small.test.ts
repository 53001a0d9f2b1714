import { expect, test } from 'vitest';
import { roundedDown, withholdSmall } from '../../src/api/stats/withhold-small.ts';

const DAY = '2026-11-01';
const count = (value: string | null, users: number) => ({
  day: DAY,
  value,
  logins: 2 * users,
  users,
});
const K = 5;

/** What a caller can work out from an answer: the users that are behind the groups it does not show, at most. */
function hiddenUsers(groups: readonly ReturnType<typeof count>[]): number {
  const total = groups.reduce((sum, { users }) => sum + users, 0);
  const [day] = withholdSmall([count(null, total)], groups, K);
  const shown = day && 'groups' in day ? (day.groups ?? []) : [];
  return total - shown.reduce((sum, { users }) => sum + users, 0);
}

test('groups of fewer users than the smallest are left out, and a day of fewer says nothing', () => {
  const groups = [count('2.0', 40), count('2.1', 20), count('1.0', 4)];
  expect(withholdSmall([count(null, 64)], groups, K)).toEqual([
    {
      day: DAY,
      logins: 128,
      users: 64,
      withheld: true,
      groups: [{ value: '2.0', logins: 80, users: 40 }],
    },
  ]);
  expect(withholdSmall([count(null, 4)], [count('2.0', 4)], K)).toEqual([
    { day: DAY, withheld: true },
  ]);
  expect(withholdSmall([count(null, 60)], groups.slice(0, 2), K)).toMatchObject([
    { withheld: false, groups: [{ value: '2.0' }, { value: '2.1' }] },
  ]);
});

test('the difference between the total and the shown groups is never a group of too few users', () => {
  for (let one = 0; one <= 8; one += 1) {
    for (let two = 0; two <= 8; two += 1) {
      for (let three = 0; three <= 8; three += 1) {
        const groups = [one, two, three]
          .map((users, index) => count(`v${index}`, users))
          .filter(({ users }) => users > 0);
        const total = one + two + three;
        const hidden = hiddenUsers(groups);
        if (total >= K) expect(hidden === 0 || hidden >= K, `${one} ${two} ${three}`).toBe(true);
      }
    }
  }
});

test('ranges that differ by a day differ by a multiple of the smallest group', () => {
  for (let users = 0; users < 40; users += 1) expect(roundedDown(users, K) % K).toBe(0);
});
