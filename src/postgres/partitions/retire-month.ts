import type { Pool } from 'pg';
import type { Month } from '../../domain/tables/days.ts';
import { changeSchema } from '../change-schema.ts';

/** Reads the month's rows, before it is locked: see `0029_retention.sql`. */
export async function prepareMonth(pool: Pool, month: Month): Promise<void> {
  await pool.query('select login_etl_prepare_month($1::date)', [`${month}-01`]);
}

/** DETACH … CONCURRENTLY is not possible beside a default partition, so it is tried for 300 ms at a time. */
export async function detachMonth(pool: Pool, month: Month, backup: string): Promise<void> {
  await changeSchema(pool, (client) =>
    client.query('select login_etl_detach_month($1::date, $2)', [`${month}-01`, backup]),
  );
}

export async function dropDetached(pool: Pool, table: string, keptDays: number): Promise<void> {
  await changeSchema(pool, (client) =>
    client.query('select login_etl_drop_month($1, $2)', [table, keptDays]),
  );
}

/** Deletes closed runs of the ledger that began before then. @returns how many */
export async function pruneLedger(pool: Pool, before: Date): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rows } = await pool.query<{ runs: string }>(
      'select login_etl_prune_ledger($1, $2) as runs',
      [before, RUNS_PER_SLICE],
    );
    const runs = Number(rows[0]?.runs ?? 0);
    removed += runs;
    if (runs < RUNS_PER_SLICE) return removed;
  }
}

const RUNS_PER_SLICE = 1_000;
