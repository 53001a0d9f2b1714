import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { DAY_MS } from '../../domain/tables/days.ts';
import type { FoundLogin } from '../../postgres/reads/search-logins.ts';
import { EXPORT_COLUMNS, type ExportFile } from './export-columns.ts';

type Column = (typeof EXPORT_COLUMNS)[number];

/** Days and times are types of their own; all else is text. */
const VALUES: Partial<Record<Column, (text: string) => unknown>> = {
  create_date: (day) => Date.parse(day) / DAY_MS,
  sent_at: (time) => new Date(time),
};

const OPTIONAL: readonly Column[] = ['masked_ip', 'masked_device_id', 'locale'];

const element = (name: Column): SchemaElement => ({
  name,
  repetition_type: OPTIONAL.includes(name) ? 'OPTIONAL' : 'REQUIRED',
  ...(name === 'create_date'
    ? { type: 'INT32', converted_type: 'DATE' }
    : name === 'sent_at'
      ? { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }
      : { type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
});

/** Each page of rows is a row group, which is sent before the next one is read. */
export function parquetFile(): ExportFile {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: EXPORT_COLUMNS.length }, ...EXPORT_COLUMNS.map(element)],
  });
  /** What was written since, copied; offsets in the file go on counting. */
  function take(): Uint8Array {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  }
  return {
    begin: take,
    rows(rows: readonly FoundLogin[]) {
      if (rows.length > 0) {
        void writer.write({
          rowGroupSize: rows.length,
          columnData: EXPORT_COLUMNS.map((name) => ({
            name,
            data: rows.map((row) => {
              const text = row[name];
              return text === null ? undefined : (VALUES[name]?.(text) ?? text);
            }),
          })),
        });
      }
      return take();
    },
    end() {
      void writer.finish();
      return take();
    },
  };
}
