import { expect, test } from 'vitest';
import { LOGIN_FIELDS } from '../../../src/domain/login/login-columns.ts';
import { type MaskedRows, rowColumns } from '../../../src/domain/login/login-rows.ts';
import { sha256Masker } from '../../../src/domain/login/masking.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { maskBodies } from '../../support/data/mask-bodies.ts';

const { rows } = maskBodies([loginMessage(1), loginMessage(2)], sha256Masker);

test('rows have a value for each declared column, in the order of the table', () => {
  const columns = rowColumns(rows);
  expect(columns.map(({ column }) => column)).toEqual(LOGIN_FIELDS.map(({ column }) => column));
  expect(columns.map(({ values }) => values)).toEqual(Object.values(rows));
});

test('a column that an earlier build did not know is null in its rows', () => {
  const { locales: _, ...earlier } = rows;
  const locale = rowColumns(earlier as MaskedRows).find(({ column }) => column === 'locale');
  expect(locale?.values).toEqual([null, null]);
});
