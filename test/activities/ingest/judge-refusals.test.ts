import { expect, test } from 'vitest';
import { judgeRows } from '../../../src/activities/ingest/judge-refusals.ts';
import { TableRefusesRows } from '../../../src/errors/table-trouble.ts';

const refused = (code: string, names: { constraint?: string; column?: string } = {}) => ({
  ...{ place: 0, code, constraint: '', column: '', table: 'user_logins', ...names },
});

test("another team's column without a value is the table's fault only where no row is stored", () => {
  const row = refused('23502', { column: 'of_another_team' });
  expect(() => judgeRows([row], false)).toThrow(TableRefusesRows);
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

test.each(['53100', '57P01', '40001', 'XX000'])('%s is the fault of the server', (code) => {
  expect(() => judgeRows([refused(code)], true)).toThrow();
});
