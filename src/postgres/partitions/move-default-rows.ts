import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { changeSchema } from '../change-schema.ts';

/** A slice takes some 100 ms. */
const ROWS_PER_SLICE = 5_000;
/** Changes that came meanwhile are copied by slices, too, until few are left for the last step. */
const CHANGES_PER_SLICE = 5_000;
/** Between attempts to put the copies in place. */
const FINISH_PAUSE_MS = 100;

type Options = { rowsPerSlice?: number; onSlice?: (copied: number) => void };

/**
 * Moves the rows of the default partition to partitions of their months, while others read and insert: see
 * `0022_maintain_partitions.sql`. It can be interrupted anywhere and run again.
 * @returns how many rows were moved
 */
export async function moveDefaultRows(
  pool: Pool,
  { rowsPerSlice = ROWS_PER_SLICE, onSlice }: Options = {},
): Promise<number> {
  const count = async (statement: string, values: unknown[] = []): Promise<number> =>
    Number((await pool.query<{ rows: string }>(statement, values)).rows[0]?.rows ?? 0);
  const begun = await changeSchema(pool, async (client) => {
    const { rows } = await client.query<{ begun: boolean }>(
      'select login_etl_begin_move() as begun',
    );
    return rows[0]?.begun ?? false;
  });
  if (!begun) return 0;
  const applyChanges = () =>
    count('select login_etl_apply_changes($1) as rows', [CHANGES_PER_SLICE]);
  let copied = 0;
  for (;;) {
    const startedAt = performance.now();
    const rows = await count('select login_etl_copy_slice($1) as rows', [rowsPerSlice]);
    if (rows === 0) break;
    copied += rows;
    onSlice?.(copied);
    await applyChanges();
    // Half of the time belongs to the inserts.
    await delay(performance.now() - startedAt);
  }
  for (;;) {
    while ((await applyChanges()) === CHANGES_PER_SLICE) onSlice?.(copied);
    const moved = await changeSchema(pool, async (client) => {
      const { rows } = await client.query<{ moved: string | null }>(
        'select login_etl_finish_move() as moved',
      );
      return rows[0]?.moved ?? null;
    });
    if (moved !== null) return Number(moved);
    await delay(FINISH_PAUSE_MS);
  }
}
