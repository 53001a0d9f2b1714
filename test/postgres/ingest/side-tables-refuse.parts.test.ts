import { describe, expect, test } from 'vitest';
import { classifyError } from '../../../src/errors/classify-error.ts';
import { closeRun } from '../../../src/postgres/runs/close-run.ts';
import { batchToInsert, insertFitting, newIds, newTag, SENT_AT_MS } from './batch-to-insert.ts';
import { changedDatabase } from './other-teams-code.ts';

const { parts, change, addTrigger, idsIn } = changedDatabase();

const IP = 'ab'.repeat(32);
const fullBatch = () =>
  batchToInsert({ rowIds: newIds(2), quarantineIds: newIds(2), originals: [['ip', IP]] });

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

/** What `status` and the logs show. */
const expectNamed = (error: unknown, table: string, answer: string): void =>
  expect(classifyError(error)).toEqual({
    code: 'TableRefusesBatch',
    policy: { action: 'wait', advice: expect.stringMatching(`: ${table} \\(${answer}\\)$`) },
  });

/** The same code of ours names each table, so only one table gets all codes. */
const CODES = ['P0001', '40001', '57P01', '23505', '28000', '3D000', '55000', '57014', '42P01'];
const TABLES = ['quarantine', 'vault_data_keys', 'ingest_runs', 'ingest_batches'];

describe.each([...TABLES, 'vault'])(
  'another team’s change of %s is named by table and answer',
  (table) => {
    // A single original that the vault refuses is that login's matter: see below.
    const insert = () =>
      table === 'vault'
        ? insertWithOriginals(manyOriginals(30))
        : insertFitting(parts.worker, fullBatch());

    test.each(table === 'quarantine' ? CODES : CODES.slice(0, 3))(
      'a trigger that raises %s',
      async (code) => {
        await addTrigger(table, `raise exception 'a secret' using errcode = '${code}';`);
        const error = await thrownBy(insert());
        expectNamed(error, table, `${code}, meddle`);
        expect(JSON.stringify(classifyError(error))).not.toContain('secret');
      },
    );

    test('a trigger that reads a missing table', async () => {
      await addTrigger(table, 'perform from nowhere;');
      expectNamed(await thrownBy(insert()), table, '42P01, meddle');
    });

    test('a check', async () => {
      await change(
        `alter table ${table} add constraint other_team check (false) not valid`,
        `alter table ${table} drop constraint other_team`,
      );
      expectNamed(await thrownBy(insert()), table, '23514, other_team');
    });

    test('a column that needs a value', async () => {
      await change(
        `alter table ${table} add column region text not null`,
        `alter table ${table} drop column region`,
      );
      expectNamed(await thrownBy(insert()), table, '23502, region');
    });

    test('a policy', async () => {
      await change(
        `alter table ${table} enable row level security;
       create policy readable on ${table} for select using (true);
       create policy none on ${table} for insert with check (false)`,
        `drop policy readable on ${table}`,
        `drop policy none on ${table}`,
        `alter table ${table} disable row level security`,
      );
      expectNamed(await thrownBy(insert()), table, '42501');
    });

    test('a missing privilege keeps its own advice', async () => {
      await change(
        `revoke insert on ${table} from login_etl_worker`,
        `grant insert on ${table} to login_etl_worker`,
      );
      const error = await thrownBy(insert());
      expect(classifyError(error)).toMatchObject({ code: '42501', policy: { action: 'final' } });
    });
  },
);

test('another team’s unique index on quarantine or the ledger', async () => {
  await change('create unique index one_reason on quarantine (reason)', 'drop index one_reason');
  const error = await thrownBy(insertFitting(parts.worker, fullBatch()));
  expectNamed(error, 'quarantine', '23505, one_reason');
});

test('the end of a run that the ledger refuses', async () => {
  await addTrigger('ingest_runs', `raise exception 'no';`);
  const counts = { received: 0, inserted: 0, duplicates: 0, quarantined: 0 };
  const run = {
    ...{ ...newTag(), finishedAtMs: SENT_AT_MS, outcome: 'completed' as const },
    counts: { ...counts, acknowledged: 0, batches: 0 },
  };
  expectNamed(await thrownBy(closeRun(parts.worker, run, 'b')), 'ingest_runs', 'P0001, meddle');
});

describe('one message that quarantine refuses holds up no other: those are stored, and the batch waits', () => {
  const badOne = async () => {
    const quarantineIds = newIds(9);
    await addTrigger(
      'quarantine',
      `if new.message_id = '${quarantineIds[4]}' then raise exception 'no'; end if;`,
    );
    return batchToInsert({ rowIds: newIds(4), quarantineIds });
  };

  test('logins and the other bad messages', async () => {
    const batch = await badOne();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await thrownBy(insertFitting(parts.worker, batch));
      expectNamed(error, 'quarantine', 'P0001, meddle');
      expect(await idsIn('user_logins')).toEqual(batch.messageIds.toSorted());
      const others = batch.quarantine.messageIds.filter((_, place) => place !== 4);
      expect(await idsIn('quarantine')).toEqual(others.toSorted());
    }
    await parts.pool.query(
      'drop function meddle cascade; create function meddle() returns int return 1',
    );
    expect(await insertFitting(parts.worker, batch)).toMatchObject({
      ...{ inserted: 4, quarantined: 9, duplicates: 0 },
    });
  });

  test('a login that the table refuses beside it is refused when the rest is stored', async () => {
    const batch = await badOne();
    await parts.pool.query(
      `alter table user_logins add constraint not_one check (user_id <> 'user-1')`,
    );
    try {
      await thrownBy(insertFitting(parts.worker, batch));
      expect(await idsIn('user_logins')).toHaveLength(3);
      await parts.pool.query('drop trigger meddle on quarantine');
      const stored = await insertFitting(parts.worker, batch);
      expect(stored).toMatchObject({ inserted: 3, quarantined: 9, duplicates: 0 });
      expect(stored.refused).toMatchObject([{ index: 1 }]);
    } finally {
      await parts.pool.query('alter table user_logins drop constraint not_one');
    }
  });
});

/** A batch in which each row has an original, of its place. */
function manyOriginals(count: number) {
  const batch = batchToInsert({ rowIds: newIds(count) });
  const rows = {
    ...batch.rows,
    maskedIps: batch.messageIds.map((_, place) => place.toString(16).padStart(64, '0')),
  };
  return { ...batch, rows };
}

/** Seals the originals of the rows that a transaction stores. */
const insertWithOriginals = (batch: ReturnType<typeof manyOriginals>) =>
  insertFitting(parts.worker, batch, {
    vaultFor: ({ rows }) => ({
      seal: async () => ({
        ...{ vaultKeyId: 'vault-1', wrappedKey: Buffer.from('wrapped') },
        fields: rows.maskedIps.map(() => 'ip' as const),
        maskedValues: [...rows.maskedIps],
        sealedValues: rows.maskedIps.map(() => Buffer.from('sealed')),
      }),
      committed: () => undefined,
    }),
  });

const refuseOriginals = (condition: string) =>
  addTrigger('vault', `if ${condition} then raise exception 'no'; end if;`);

describe('the vault refuses originals', () => {
  const REASON = 'vault: refuses the original of a masked value (P0001, meddle)';

  test('of one login: that one goes to quarantine with its original, the others are stored', async () => {
    await refuseOriginals(`encode(new.masked_value, 'hex') like '%0007'`);
    const batch = manyOriginals(300);
    const stored = await insertWithOriginals(batch);
    expect(stored).toMatchObject({ inserted: 299, refused: [{ index: 7, reason: REASON }] });
    expect((await parts.pool.query('select from vault')).rowCount).toBe(299);
  });

  test('of a single login in its batch', async () => {
    await refuseOriginals('true');
    const stored = await insertWithOriginals(manyOriginals(1));
    expect(stored).toMatchObject({ inserted: 0, refused: [{ index: 0, reason: REASON }] });
  });

  test('of twenty logins of a batch: the run waits', async () => {
    await refuseOriginals(`encode(new.masked_value, 'hex') like '%f'`);
    const error = await thrownBy(insertWithOriginals(manyOriginals(400)));
    expectNamed(error, 'vault', 'P0001, meddle');
    expect(await idsIn('quarantine')).toEqual([]);
  });
});
