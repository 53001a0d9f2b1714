import type { Pool } from 'pg';
import { createDateOf, IN_RANGE, reasonsOf } from './old-rows.ts';
import type { OldTable } from './old-table.ts';

export type Survey = {
  rows: number;
  /** Rows by month, those that fit. */
  months: Record<string, number>;
  setAside: number;
  /** Rows by reason; a row may have several. */
  reasons: Record<string, number>;
};

/** 64 MB at a time, so that no statement takes long. */
const PAGES_AT_A_TIME = 8_192;

const surveyRange = (old: OldTable) => `
  with checked as materialized (
    select ${reasonsOf(old)} as reasons, to_char(${createDateOf(old)}, 'YYYY-MM') as month
    from ${old.name} o where ${IN_RANGE}
  )
  select 'month' as kind, month as name, count(*)::float8 as rows from checked where reasons = '{}' group by month
  union all
  select 'reason', reason, count(*)::float8 from checked, unnest(reasons) as reason group by reason
  union all
  select 'set aside', '', count(*)::float8 from checked where reasons <> '{}'`;

type Line = { kind: 'month' | 'reason' | 'set aside'; name: string; rows: number };

/** Reads every row once, without a lock that anyone would notice. */
export async function survey(
  pool: Pool,
  old: OldTable,
  onProgress: (pages: number) => void,
): Promise<Survey> {
  const found: Survey = { rows: 0, months: {}, setAside: 0, reasons: {} };
  const query = surveyRange(old);
  for (let page = 0; page < old.pages; page += PAGES_AT_A_TIME) {
    const { rows } = await pool.query<Line>(query, [page, page + PAGES_AT_A_TIME]);
    for (const { kind, name, rows: counted } of rows) {
      if (kind === 'set aside') found.setAside += counted;
      else {
        const counts = kind === 'month' ? found.months : found.reasons;
        counts[name] = (counts[name] ?? 0) + counted;
      }
    }
    onProgress(Math.min(page + PAGES_AT_A_TIME, old.pages));
  }
  const fitting = Object.values(found.months).reduce((sum, rows) => sum + rows, 0);
  const months = Object.fromEntries(
    Object.entries(found.months).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { ...found, months, rows: fitting + found.setAside };
}
