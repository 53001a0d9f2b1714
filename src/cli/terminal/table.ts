import Table from 'cli-table3';
import stringWidth from 'string-width';
import { printable } from '../../domain/printable.ts';

export type Column = {
  title: string;
  /** The heading where the terminal is too narrow for the title. */
  short?: string;
  align?: 'left' | 'right';
  /** On a narrow terminal the column with the highest number is left out first. One without a number stays. */
  drop?: number;
};

type Cells = readonly (string | number)[];

const GAP = 2;

/** Only text: no borders, and no rule between rows. */
const PLAIN = {
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
  },
};

/**
 * The lines of a table that fits the width. A value is never cut: headings get shorter, then columns are left out,
 * and where the rest is still too wide each row becomes a record of `title  value` lines. Without a width (a file or
 * a pipe) everything is shown.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Cells[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const cells = rows.map((row) => row.map((value) => printable(String(value))));
  const all = columns.map((column, at) => ({
    ...column,
    cells: cells.map((row) => row[at] ?? ''),
  }));
  if (widthOf(all) <= width) return draw(all);
  const left = all.map((column) => ({ ...column, title: column.short ?? column.title }));
  const leftOut: string[] = [];
  while (widthOf(left) > width) {
    const next = Math.max(...left.map(({ drop }) => drop ?? 0));
    if (next === 0) return records(all);
    const at = left.findIndex(({ drop }) => drop === next);
    leftOut.unshift(...left.splice(at, 1).map(({ title }) => title));
  }
  if (leftOut.length === 0) return draw(left);
  return [...draw(left), `(too narrow for: ${leftOut.join(', ')})`];
}

type Filled = Column & { cells: readonly string[] };

const widthOf = (columns: readonly Filled[]): number =>
  columns.reduce((sum, { title, cells }) => sum + widest([title, ...cells]) + GAP, -GAP);

const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, stringWidth(text)), 0);

function draw(columns: readonly Filled[]): string[] {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    ...PLAIN,
  });
  const [first] = columns;
  table.push(...(first?.cells ?? []).map((_, at) => columns.map(({ cells }) => cells[at] ?? '')));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

function records(columns: readonly Filled[]): string[] {
  const labels = widest(columns.map(({ title }) => title)) + GAP;
  const [first] = columns;
  return (first?.cells ?? []).flatMap((_, at) => [
    ...(at === 0 ? [] : ['']),
    ...columns
      .filter(({ cells }) => cells[at] !== '')
      .map(({ title, cells }) => `${title.padEnd(labels)}${cells[at]}`),
  ]);
}
