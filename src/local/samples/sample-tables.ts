import Table from 'cli-table3';
import type { Counts } from '../../domain/counts.ts';

/** Enough of a masked value to see that equal ones are equal. */
const SHOWN_CHARACTERS = 12;

/** No lines between rows, no colours: it is read in terminals, logs and issues. */
const PLAIN = {
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
  },
};

export function countsTable(counts: Counts): string {
  return table(Object.keys(counts), [Object.values(counts).map(String)]);
}

/** Rows as a table that fits a terminal: long values are cut. */
export function rowsTable(rows: readonly Record<string, string | null>[]): string {
  return table(
    Object.keys(rows[0] ?? {}),
    rows.map((row) => Object.values(row).map(cut)),
  );
}

function table(head: string[], rows: string[][]): string {
  const drawn = new Table({ head, ...PLAIN });
  drawn.push(...rows);
  return drawn.toString().replace(/^/gm, '  ');
}

const cut = (value: string | null): string => {
  if (value === null) return '(null)';
  return value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS - 1)}…` : value;
};
