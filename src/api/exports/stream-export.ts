import type { Pool } from 'pg';
import { type Position, searchLogins } from '../../postgres/reads/search-logins.ts';
import { csvFile } from './csv-file.ts';
import type { ExportFile } from './export-columns.ts';
import type { ExportFormat, KnownExport } from './export-store.ts';
import { parquetFile } from './parquet-file.ts';

/** Read and sent one after the other, so that an export takes no more memory than one of them. */
const ROWS_PER_PAGE = 2_000;

const FILES: Readonly<Record<ExportFormat, () => ExportFile>> = {
  csv: csvFile,
  parquet: parquetFile,
};

/**
 * The file of an export, piece by piece, with the rows that were stored when it began.
 * @throws Error when there are more rows than an export may have
 */
export async function* streamExport(
  pool: Pool,
  { filter, format, createdAt }: KnownExport,
  { maxRows, guessable }: { maxRows: number; guessable: boolean },
): AsyncGenerator<Uint8Array> {
  const file = FILES[format]();
  yield file.begin();
  const bounded = { ...filter, storedBy: createdAt.toISOString() };
  let after: Position | undefined;
  let sent = 0;
  for (;;) {
    const rows = await searchLogins(pool, bounded, { after, limit: ROWS_PER_PAGE, guessable });
    sent += rows.length;
    if (sent > maxRows) throw new Error('an export has more rows than it had when it began');
    if (rows.length > 0) yield file.rows(rows);
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_PER_PAGE) break;
    after = [last.create_date, last.message_id];
  }
  const end = file.end();
  if (end.length > 0) yield end;
}
