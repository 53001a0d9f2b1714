import { renderTable } from '../../cli/terminal/table.ts';
import type { Counts } from '../../domain/counts.ts';

/** Enough of a masked value to recognize equal ones. */
const SHOWN_CHARACTERS = 9;

/** The output is read in terminals, logs and issues. */
const WIDTH = 78;

const SHORT: Readonly<Record<string, string>> = {
  masked_device_id: 'masked_device',
  create_date: 'date',
};

export const countsTable = (counts: Counts): string =>
  table(Object.keys(counts), [Object.values(counts).map(String)]);

/** Rows of `user_logins`, with masked values cut. */
export const rowsTable = (rows: readonly Record<string, string | null>[]): string =>
  table(
    Object.keys(rows[0] ?? {}),
    rows.map((row) =>
      Object.entries(row).map(([name, value]) => (name.startsWith('masked_') ? cut(value) : value)),
    ),
  );

function table(names: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const columns = names.map((title, at) => ({
    title,
    ...(SHORT[title] && { short: SHORT[title] }),
    // When the table is too wide, the last columns are dropped first, but never the key.
    ...(at > 0 && { drop: at }),
  }));
  const cells = rows.map((row) => row.map((value) => value ?? '(null)'));
  return renderTable(columns, cells, WIDTH)
    .map((line) => `  ${line}`)
    .join('\n');
}

const cut = (value: string | null): string | null =>
  value !== null && value.length > SHOWN_CHARACTERS
    ? `${value.slice(0, SHOWN_CHARACTERS - 1)}…`
    : value;
