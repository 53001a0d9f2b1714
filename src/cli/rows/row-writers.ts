import { once } from 'node:events';
import { stringify } from 'csv-stringify/sync';
import { LOGIN_COLUMNS, type LoginRow } from '../../postgres/logins/read-rows.ts';
import { printData } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { renderTable } from '../terminal/table.ts';
import { shortMasked } from './short-masked.ts';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Takes the rows page by page, and writes what is left at the end. */
export type RowWriter = {
  take(rows: readonly LoginRow[]): Promise<void>;
  end(): Promise<void>;
};

/** @param exact CSV cells as they are, also those that a spreadsheet takes for formulas */
export function rowWriter(format: Format, { exact }: { exact: boolean }): RowWriter {
  if (format === 'csv') return csvWriter(exact);
  return format === 'json' ? jsonWriter() : tableWriter();
}

/** Waits for a slow reader: pages that nobody has read yet are not piled up. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** A terminal obeys what it is sent; a file or a pipe gets the values as they are. */
const safeHere = (value: string): string => (process.stdout.isTTY ? printable(value) : value);

function csvWriter(exact: boolean): RowWriter {
  const csv = (records: readonly (readonly unknown[])[]) =>
    write(stringify(records as unknown[][], { escape_formulas: !exact }));
  let begun = false;
  const begin = async () => {
    if (!begun) await csv([LOGIN_COLUMNS]);
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

/** One array, a row a line. */
function jsonWriter(): RowWriter {
  let separator = '[\n';
  return {
    async take(rows) {
      for (const row of rows) {
        // What `printable` makes of a character is also how JSON writes it.
        await write(`${separator}${printable(JSON.stringify(row))}`);
        separator = ',\n';
      }
    },
    end: () => write(separator === '[\n' ? '[]\n' : '\n]\n'),
  };
}

const SHOWN = [
  ...['user_id', 'device_type', 'masked_ip', 'masked_device_id', 'locale', 'app_version'],
  ...['create_date', 'inserted_at'],
] as const;

function tableWriter(): RowWriter {
  const all: LoginRow[] = [];
  const cells = (row: LoginRow) => [
    printable(row.user_id),
    printable(row.device_type),
    printable(shortMasked(row.masked_ip)),
    printable(shortMasked(row.masked_device_id)),
    printable(row.locale ?? ''),
    printable(row.app_version),
    row.create_date,
    `${row.inserted_at.slice(0, 19)}Z`,
  ];
  return {
    async take(rows) {
      all.push(...rows);
    },
    async end() {
      printData(
        renderTable(
          SHOWN.map((title) => ({ title })),
          all.map(cells),
        ),
      );
    },
  };
}
