import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { printable } from '../../../src/cli/terminal/printable.ts';
import { renderTable } from '../../../src/cli/terminal/table.ts';

const COLUMNS = [{ title: 'id' }, { title: 'text' }, { title: 'count', align: 'right' as const }];
const ROWS = [
  ['a', 'x'.repeat(200), 1],
  ['b', '日本語'.repeat(30), 1_234_567],
  ['c', 'short', 2],
];

const widths = (table: string) => table.split('\n').map((line) => stringWidth(line));

test.each([40, 60, 79, 80, 120])('a table fits a terminal of %i columns', (width) => {
  const table = renderTable(COLUMNS, ROWS, width);
  for (const line of widths(table)) expect(line).toBeLessThanOrEqual(width);
  expect(table).toContain('…');
  expect(table).toContain('1234567');
});

test('in a file or a pipe nothing is cut', () => {
  const table = renderTable(COLUMNS, ROWS, undefined);
  expect(table).toContain('x'.repeat(200));
  expect(table).not.toContain('…');
});

test('a table that fits is no wider than it has to be', () => {
  expect(Math.max(...widths(renderTable(COLUMNS, [['a', 'b', 1]], 200)))).toBeLessThan(30);
});

test('what a terminal would obey is printed as its code point', () => {
  expect(printable('\u001b]0;title\u0007')).toBe('\\u001B]0;title\\u0007');
  expect(printable('a\nb\u2028c\u009bd\u202ee')).toBe('a\\u000Ab\\u2028c\\u009Bd\\u202Ee');
  expect(printable('Zoë 日本 👩‍👩‍👧 اسم')).toBe('Zoë 日本 👩‍👩‍👧 اسم');
});
