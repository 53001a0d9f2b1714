import { stringify } from 'csv-stringify/sync';
import type { FoundLogin } from '../../postgres/reads/search-logins.ts';
import { EXPORT_COLUMNS, type ExportFile } from './export-columns.ts';

const OTHER_SEPARATORS = /[;|\t]/;

/**
 * Cells that a spreadsheet would take for formulas begin with an apostrophe, and those that it may split at another
 * separator are quoted.
 */
export function csvFile(): ExportFile {
  const lines = (records: unknown[][]) =>
    Buffer.from(stringify(records, { escape_formulas: true, quoted_match: OTHER_SEPARATORS }));
  return {
    begin: () => lines([[...EXPORT_COLUMNS]]),
    rows: (rows: readonly FoundLogin[]) =>
      lines(rows.map((row) => EXPORT_COLUMNS.map((column) => row[column]))),
    end: () => Buffer.alloc(0),
  };
}
