import { describe, expect, test } from 'vitest';
import { judgeBatch, judgeRows, NotTheRow } from '../../../src/activities/ingest/judge-refusals.ts';
import { TableRefusesRows } from '../../../src/errors/table-trouble.ts';

const refused = (
  code: string,
  more: { constraint?: string; column?: string; raised?: boolean } = {},
) => ({
  ...{ place: 0, code, constraint: '', column: '', table: 'user_logins', raised: false, ...more },
});

const thrownBy = (act: () => void): Error => {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return new Error('nothing was thrown');
};

test("another team's column without a value is the table's fault only where no row is stored", () => {
  const row = refused('23502', { column: 'of_another_team' });
  expect(thrownBy(() => judgeRows([row], false)).cause).toBeInstanceOf(TableRefusesRows);
  expect(() => judgeRows([row], true)).not.toThrow();
});

test("a missing partition is the table's fault, also where rows of other months are stored", () => {
  expect(() => judgeRows([refused('23514')], true)).toThrow(TableRefusesRows);
});

test.each(['P0001', '44000', '22001', '23505', 'ZZ999'])(
  'a row that fails alone with %s is to blame',
  (code) => {
    expect(() => judgeRows([refused(code, { constraint: 'rule' })], true)).not.toThrow();
  },
);

test.each(['42501', '3D000', '28000', '0A000', '25001', '26000', '55000'])(
  '%s is the fault of a row only where other rows are stored',
  (code) => {
    expect(() => judgeRows([refused(code)], true)).not.toThrow();
    expect(() => judgeRows([refused(code)], false)).toThrow(NotTheRow);
    // Raised for every row, it says something about the table.
    const raised = thrownBy(() => judgeRows([refused(code, { raised: true })], false));
    expect(raised.cause).toBeInstanceOf(TableRefusesRows);
  },
);

test.each([
  ...['08006', '25006', '40001', '40P01', '53100', '55P03', '57014', '57P01', '58030', 'F0000'],
  ...['HV000', 'XX000', 'XX001'],
])('%s is the fault of the server, unless a function raised it on purpose', (code) => {
  expect(() => judgeRows([refused(code)], true)).toThrow(NotTheRow);
  expect(() => judgeRows([refused(code, { raised: true })], true)).not.toThrow();
  const raised = thrownBy(() => judgeRows([refused(code, { raised: true })], false));
  expect(raised.cause).toMatchObject({ code });
});

describe('a batch of which no row is stored', () => {
  const rejected = (count: number, kinds: number) =>
    Array.from({ length: count }, (_, index) => ({ index, reason: `reason ${index % kinds}` }));
  const none = async () => 0;

  test.each([1, 2, 20])(
    'waits from twenty refusals on, whatever their %i reasons',
    async (kinds) => {
      await expect(judgeBatch(rejected(20, kinds), none)).rejects.toThrow(TableRefusesRows);
      await expect(judgeBatch(rejected(19, kinds), none)).resolves.toBeUndefined();
      await expect(judgeBatch(rejected(1, 1), async () => 20)).rejects.toThrow(TableRefusesRows);
    },
  );

  test('names three reasons, and how many more there are', async () => {
    await expect(judgeBatch(rejected(20, 5), none)).rejects.toMatchObject({
      detail: 'reason 0; reason 1; reason 2; and 2 more reasons',
    });
  });
});
