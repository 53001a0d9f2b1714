import { randomBytes, randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { LOGIN_FIELDS } from '../../domain/login/login-columns.ts';
import { type MaskedRows, noRows } from '../../domain/login/login-rows.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { closeRun } from '../runs/close-run.ts';
import type { BatchToInsert, RowsToInsert } from './batch-to-insert.ts';
import { insertWithin } from './insert-batch.ts';
import { lockInserts } from './insert-lock.ts';
import { insertEachLogin } from './insert-logins.ts';

class RolledBack extends Error {
  override name = 'RolledBack';
}

/**
 * Does what a run does (a login, its original, a quarantined message, the ledger) in a transaction that is rolled back.
 * @throws what a run would meet
 */
export async function tryInsert(pool: Pool): Promise<void> {
  const batch = sample();
  const { runId, workflowId, startedAtMs } = batch.batch;
  const counts = {
    received: 2,
    inserted: 1,
    duplicates: 0,
    quarantined: 1,
    acknowledged: 2,
    batches: 1,
  };
  await rollBack(pool, async (client) => {
    await insertWithin(client, batch);
    await insertEachLogin(client, batch, new Set());
    await closeRun(
      client,
      { runId, workflowId, startedAtMs, finishedAtMs: startedAtMs, outcome: 'completed', counts },
      'doctor',
    );
  });
}

/**
 * Inserts a copy of a row that is stored, under an id of its own, in a transaction that is rolled back.
 * @returns whether the table takes it
 */
export async function takesCopy(pool: Pool, row: RowsToInsert): Promise<boolean> {
  let takes = false;
  await rollBack(pool, async (client) => {
    const copy = { ...row, messageIds: [randomUUID()] };
    const { refused } = await insertEachLogin(client, copy, new Set());
    takes = refused.length === 0;
  });
  return takes;
}

async function rollBack(pool: Pool, act: (client: PoolClient) => Promise<void>): Promise<void> {
  try {
    await boundedTransaction(pool, undefined, async (client) => {
      await lockInserts(client, 'shared');
      await act(client);
      throw new RolledBack('all of it worked');
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
  }
}

/** A login of today that any table of ours takes. */
function sample(): BatchToInsert {
  const rows = noRows() as Record<string, string[]>;
  const masked = randomBytes(32).toString('hex');
  const likely: Record<string, string> = {
    device_type: 'android',
    locale: 'US',
    app_version: '1.0.0',
  };
  const lists = Object.keys(rows);
  for (const [index, field] of LOGIN_FIELDS.entries()) {
    rows[lists[index] as string] = [
      'masked' in field ? masked : (likely[field.column] ?? 'doctor'),
    ];
  }
  const now = Date.now();
  return {
    batch: { runId: randomUUID(), workflowId: 'doctor', startedAtMs: now, number: 1 },
    workerBuild: 'doctor',
    messageIds: [randomUUID()],
    sentAtMs: [now],
    rows: rows as MaskedRows,
    maskKeyId: 'doctor',
    vault: async () => ({
      ...{ vaultKeyId: 'doctor', wrappedKey: randomBytes(32), fields: ['ip'] },
      ...{ maskedValues: [masked], sealedValues: [randomBytes(32)] },
    }),
    quarantine: {
      ...{ messageIds: [randomUUID()], sentAtMs: [now], reasons: ['message: is not JSON'] },
      ...{ sealedBodies: [randomBytes(32)], vaultKeyId: 'doctor' },
    },
  };
}
