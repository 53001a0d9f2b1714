import Table from 'cli-table3';
import stringWidth from 'string-width';
import { terminalWidth } from './output.ts';

export type Column = { title: string; align?: 'left' | 'right' };

/** Not narrower, however narrow the terminal: less would say nothing. */
const MIN_CELL = 6;
/** What a cell has around its text, and the line after it. */
const AROUND = 3;

/**
 * A table that fits the terminal: the widest columns give way, and their texts are cut with `…`. In a file or a
 * pipe nothing is cut.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  width: number | undefined = terminalWidth(),
): string {
  const texts = rows.map((row) => row.map(String));
  const natural = columns.map(({ title }, at) =>
    Math.max(stringWidth(title), ...texts.map((row) => stringWidth(row[at] ?? ''))),
  );
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: narrowed(natural, width).map((cell) => cell + AROUND - 1),
    style: { head: [], border: [] },
  });
  table.push(...texts);
  return table.toString();
}

function narrowed(natural: readonly number[], width = Number.POSITIVE_INFINITY): number[] {
  const cells = [...natural];
  const room = width - 1 - AROUND * cells.length;
  let needed = cells.reduce((sum, cell) => sum + cell, 0);
  while (needed > room) {
    const widest = Math.max(...cells);
    if (widest <= MIN_CELL) break;
    cells[cells.indexOf(widest)] = widest - 1;
    needed -= 1;
  }
  return cells;
}
