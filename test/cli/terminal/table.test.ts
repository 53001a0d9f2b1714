import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { type Column, renderTable } from '../../../src/cli/terminal/table.ts';
import { wrapLine } from '../../../src/cli/terminal/wrap-line.ts';
import { printable } from '../../../src/domain/printable.ts';

const ID = 'ingest-logins-2026-11-22T09:30:00Z';
const COLUMNS: readonly Column[] = [
  { title: 'workflow' },
  { title: 'count', align: 'right' },
  { title: 'acknowledged', short: 'ack', align: 'right', drop: 1 },
  { title: 'text', drop: 2 },
];
const ROWS = [
  [ID, 1, 10, '日本語'.repeat(10)],
  ['b', 1_234_567, 20, 'short'],
];
const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => stringWidth(line)));

describe('a table', () => {
  test('without a width, in a file or a pipe, shows everything', () => {
    const [head, first] = renderTable(COLUMNS, ROWS);
    expect(head).toMatch(/^workflow +count +acknowledged +text$/);
    expect(first).toMatch(new RegExp(`^${ID} +1 +10 +日本語`));
  });

  test('has one line per row and no rule between them', () => {
    expect(renderTable(COLUMNS, ROWS)).toHaveLength(3);
  });

  test.each([48, 54, 60, 80, 120, 200])('fits %i columns and cuts no value', (width) => {
    const lines = renderTable(COLUMNS, ROWS, width);
    expect(widest(lines)).toBeLessThanOrEqual(width);
    expect(lines.join('\n')).toContain(ID);
    expect(lines.join('\n')).toContain('1234567');
    expect(lines.join('\n')).not.toContain('…');
  });

  test('first uses short headings, then leaves out columns by priority and names them', () => {
    expect(renderTable(COLUMNS, ROWS, 119).join('\n')).toContain('acknowledged');
    expect(renderTable(COLUMNS, ROWS, 60)[0]).toMatch(/^workflow +count +ack$/);
    expect(renderTable(COLUMNS, ROWS, 60).at(-1)).toBe('(too narrow for: text)');
    expect(renderTable(COLUMNS, ROWS, 46).at(-1)).toBe('(too narrow for: ack, text)');
  });

  test('that is too wide even so is printed as records, with every value', () => {
    expect(renderTable(COLUMNS, ROWS, 40)).toEqual([
      `workflow      ${ID}`,
      'count         1',
      'acknowledged  10',
      `text          ${'日本語'.repeat(10)}`,
      '',
      'workflow      b',
      'count         1234567',
      'acknowledged  20',
      'text          short',
    ]);
  });

  test('without rows is its heading', () => {
    expect(renderTable(COLUMNS, [])).toEqual(['workflow  count  acknowledged  text']);
  });

  test('shows a line feed or an escape sequence in a value as text', () => {
    expect(renderTable([{ title: 'a' }], [['x\ny\u001b[31m']])[1]).toBe('x\\u000Ay\\u001B[31m');
  });
});

describe('a long line', () => {
  test('is broken between words, and what follows is indented below its text', () => {
    const line = `  count         ${'word '.repeat(12).trim()}`;
    expect(wrapLine(line, 48)).toEqual([
      `  count         ${'word '.repeat(6).trim()}`,
      `                ${'word '.repeat(6).trim()}`,
    ]);
  });

  test('keeps a command in backticks and an id in one piece', () => {
    const lines = wrapLine(
      `Resume it with \`login-etl resume --workflow-id ${ID}\`, then wait.`,
      40,
    );
    expect(lines).toContain(`  \`login-etl resume --workflow-id ${ID}\`,`);
  });
});

describe('a printed text', () => {
  test.each([
    ['\u001b]0;title\u0007', '\\u001B]0;title\\u0007'],
    ['a\nb\u2028c\u009bd\u202ee\u2066f\u061c', 'a\\u000Ab\\u2028c\\u009Bd\\u202Ee\\u2066f\\u061C'],
    ['\ufeffx\u00ad\u200by', '\\uFEFFx\\u00AD\\u200By'],
    ['\u{e0041}', '\\uDB40\\uDC41'],
    ['\ud800', '\\uD800'],
    ['Zoë 日本 👩‍👩‍👧 اسم', 'Zoë 日本 👩‍👩‍👧 اسم'],
  ])('shows what a terminal would obey as its code point: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

test('a value as long as the line is indented less, and not broken', () => {
  const id = `${'ingest-logins-manual-2026-11-27T11:01:11.306Z'}/shard-1`;
  const width = id.length + 2;
  const lines = wrapLine(`workflow        ${id}`, width);
  expect(lines).toEqual(['workflow', `  ${id}`]);
});
