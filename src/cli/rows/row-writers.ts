import { once } from 'node:events';
import { stringify } from 'csv-stringify/sync';
import { LOGIN_FIELDS, TABLE_COLUMNS } from '../../domain/login/login-columns.ts';
import { printable } from '../../domain/printable.ts';
import type { LoginRow } from '../../postgres/logins/read-rows.ts';
import { printData, terminalWidth } from '../terminal/output.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { shortMasked } from './short-masked.ts';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes rows page by page, and the rest in `end`. */
type RowWriter = {
  take(rows: readonly LoginRow[]): Promise<void>;
  end(): Promise<void>;
};

/** @param exact leave CSV cells that a spreadsheet takes for formulas as they are */
export function rowWriter(format: Format, { exact }: { exact: boolean }): RowWriter {
  if (format === 'csv') return csvWriter(exact);
  return format === 'json' ? jsonWriter() : tableWriter();
}

/** Waits for a slow reader, so that unread pages do not fill the memory. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Escapes control characters on a terminal only: files and pipes get the exact values. */
const safeHere = (value: string): string => (process.stdout.isTTY ? printable(value) : value);

function csvWriter(exact: boolean): RowWriter {
  const csv = (records: readonly (readonly unknown[])[]) =>
    write(stringify(records as unknown[][], { escape_formulas: !exact }));
  let begun = false;
  const begin = async () => {
    if (!begun) await csv([TABLE_COLUMNS.map(({ column }) => column)]);
    begun = true;
  };
  return {
    async take(rows) {
      await begin();
      const cell = (value: LoginRow[keyof LoginRow]) =>
        typeof value === 'string' ? safeHere(value) : value;
      await csv(rows.map((row) => Object.values(row).map(cell)));
    },
    end: begin,
  };
}

/** One array, with one row per line. */
function jsonWriter(): RowWriter {
  let separator = '[\n';
  return {
    async take(rows) {
      if (rows.length === 0) return;
      // The escapes of `printable` are those of JSON: the value stays the same.
      const lines = rows.map((row) => printable(JSON.stringify(row)));
      await write(`${separator}${lines.join(',\n')}`);
      separator = ',\n';
    },
    end: () => write(separator === '[\n' ? '[]\n' : '\n]\n'),
  };
}

/** Short headings, and what is left out first on a narrow terminal. */
const LAYOUT: Readonly<Record<string, Omit<Column, 'title'>>> = {
  user_id: { short: 'user' },
  device_type: { short: 'type', drop: 3 },
  masked_ip: { short: 'ip' },
  masked_device_id: { short: 'device' },
  locale: { drop: 4 },
  app_version: { short: 'app', drop: 5 },
  create_date: { short: 'date', drop: 2 },
  inserted_at: { short: 'inserted', drop: 1 },
};

function tableWriter(): RowWriter {
  const all: LoginRow[] = [];
  const titles = [...LOGIN_FIELDS.map(({ column }) => column), 'create_date', 'inserted_at'];
  const cells = (row: LoginRow) => [
    ...LOGIN_FIELDS.map((field) => {
      const value = row[field.column] ?? '';
      return 'masked' in field ? shortMasked(value) : value;
    }),
    row.create_date,
    `${row.inserted_at.slice(0, 19)}Z`,
  ];
  return {
    async take(rows) {
      all.push(...rows);
    },
    async end() {
      const columns = titles.map((title) => ({ title, ...(LAYOUT[title] ?? { drop: 6 }) }));
      if (all.length > 0) printData(renderTable(columns, all.map(cells), terminalWidth()));
    },
  };
}
