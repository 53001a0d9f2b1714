import type { Pool, PoolClient } from 'pg';
import { Problem } from '../../errors/problem.ts';
import { changeSchema } from '../change-schema.ts';
import { createdRelations } from '../run-migrations.ts';
import {
  copyNext,
  isComplete,
  makePartitions,
  PAGES_PER_BATCH,
  readRanges,
  syncRange,
  withMonths,
} from './copy-rows.ts';
import { type Dependents, readDependents } from './dependents.ts';
import { describeGrant, isReading, readGrants } from './grants.ts';
import { cannotAdopt, type OldTable, readOldTable } from './old-table.ts';
import { inStaging, isUnderWay, prepareStaging } from './staging.ts';
import { type Survey, survey } from './survey.ts';
import { KEPT_AS, switchTables } from './switch-tables.ts';

export type AdoptionPlan = {
  old: OldTable;
  dependents: Dependents;
  /** Grants on the old table: those that follow, and those that do not. */
  grants: { kept: string[]; left: string[] };
  /** An adoption was interrupted, and goes on. */
  underWay: boolean;
};

export type Adoption = {
  rows: number;
  setAside: number;
  partitions: number;
  /** How long others waited in the last step: writers of the old table, and its readers. */
  writersWaitedMs: number;
  readersWaitedMs: number;
};

type Phase = 'reading' | 'copying' | 'comparing';
export type OnProgress = (phase: Phase, pages: number, total: number) => void;

/** What has a name that the new tables need. */
const TAKEN_NAMES = `
  select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
  where nspname = $1 and relkind <> 'i' and relname not in ('user_logins', 'login_etl_migrations') and (
    relname = any($2) or relname ~ '^user_logins_([0-9]{4}_[0-9]{2}|default|set_aside)$' or relname = '${KEPT_AS}'
  )
  union all
  select 'function ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = pronamespace
  where nspname = $1 and (proname = 'audit_record' or proname like 'login\\_etl\\_%')`;

/** @throws Problem that names everything that keeps the table from being adopted */
export async function planAdoption(pool: Pool): Promise<AdoptionPlan> {
  return changeSchema(pool, async (client) => {
    const old = await readOldTable(client);
    const dependents = await readDependents(client, old);
    const taken = await client.query<{ name: string }>(TAKEN_NAMES, [
      old.schema,
      await createdRelations(),
    ]);
    const problems = [
      ...dependents.refused,
      ...taken.rows.map(({ name }) => `${name} is there already: rename it`),
    ];
    if (problems.length > 0) throw cannotAdopt(problems);
    const grants = await readGrants(client, old.oid);
    return {
      old,
      dependents,
      grants: {
        kept: grants.filter(isReading).map(describeGrant),
        left: grants.filter((grant) => !isReading(grant)).map(describeGrant),
      },
      underWay: await isUnderWay(client, old),
    };
  });
}

export const surveyRows = (pool: Pool, { old }: AdoptionPlan, onProgress: OnProgress) =>
  survey(pool, old, (pages) => onProgress('reading', pages, old.pages));

/** After this many rounds, differing copies are made equal under the lock. */
const ROUNDS = 5;
/** This many differing ranges can be copied under the lock in a short time. */
const FEW_RANGES = 4;

type Options = { pagesPerBatch?: number | undefined; onProgress: OnProgress };

/**
 * Adopts the table: copies its rows in short transactions while others read and write it, compares until little is
 * left to copy, and then puts the copy in its place. It can be interrupted anywhere and run again.
 */
export async function adoptTable(
  pool: Pool,
  { old, dependents: { views } }: AdoptionPlan,
  { months }: Pick<Survey, 'months'>,
  { pagesPerBatch = PAGES_PER_BATCH, onProgress }: Options,
): Promise<Adoption> {
  const rehearsed = await prepareStaging(pool, old);
  await makePartitions(
    pool,
    old,
    Object.keys(months).map((month) => `${month}-01`),
  );
  if (!rehearsed) await rehearse(pool, old, views);
  for (;;) {
    const at = await withMonths(pool, old, (client) => copyNext(client, old, pagesPerBatch));
    if (!at) break;
    onProgress('copying', at.page, at.pages);
  }
  await inStaging(pool, old, (client) =>
    client.query('create index if not exists adoption_range on user_logins (batch_number)'),
  );
  await inStaging(pool, old, (client) => client.query('analyze user_logins'));
  for (let round = 0; round < ROUNDS; round += 1) {
    if ((await compareRanges(pool, old, pagesPerBatch, onProgress)) <= FEW_RANGES) break;
  }
  return withMonths(pool, old, (client) => finish(client, old, views, pagesPerBatch));
}

/** @returns how many ranges had changed */
async function compareRanges(
  pool: Pool,
  old: OldTable,
  pagesPerBatch: number,
  onProgress: OnProgress,
): Promise<number> {
  let changed = 0;
  const ranges = await inStaging(pool, old, readRanges);
  for (const range of ranges) {
    if (await withMonths(pool, old, (client) => syncRange(client, old, range))) changed += 1;
    onProgress('comparing', range.number, ranges.length);
  }
  while (await withMonths(pool, old, (client) => copyNext(client, old, pagesPerBatch)))
    changed += 1;
  return changed;
}

class Rehearsed extends Error {}

/** Does the last step on empty copies and takes it back, to find what is in its way before hours of copying. */
async function rehearse(pool: Pool, old: OldTable, views: Dependents['views']): Promise<void> {
  try {
    await inStaging(pool, old, async (client) => {
      await switchTables(client, old, views);
      throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
  await inStaging(pool, old, (client) => client.query('update adoption set rehearsed = true'));
}

async function finish(
  client: PoolClient,
  old: OldTable,
  views: Dependents['views'],
  pagesPerBatch: number,
): Promise<Adoption> {
  // Writers wait from here on, readers do not.
  await client.query(`lock table ${old.name} in share row exclusive mode`);
  const writersWait = performance.now();
  while (await copyNext(client, old, pagesPerBatch));
  const ranges = await readRanges(client);
  for (const range of ranges.slice(-1)) await syncRange(client, old, range);
  if (!(await isComplete(client, old))) {
    for (const range of ranges) await syncRange(client, old, range);
    if (!(await isComplete(client, old))) {
      throw new Problem(
        'user_logins was not adopted',
        'the copy does not have the rows of the table',
        'Nothing was changed. Run this again; report it if it stays.',
      );
    }
  }
  const counted = await countCopied(client);
  const readersWait = performance.now();
  await switchTables(client, old, views);
  const now = performance.now();
  return {
    ...counted,
    writersWaitedMs: Math.round(now - writersWait),
    readersWaitedMs: Math.round(now - readersWait),
  };
}

const COUNT = `
  select sum(kept)::float8 as rows, sum(old_rows - kept)::float8 as "setAside",
    (select count(*)::int from pg_inherits where inhparent = 'user_logins'::regclass) as partitions
  from adoption_ranges`;

type Counted = Pick<Adoption, 'rows' | 'setAside' | 'partitions'>;

async function countCopied(client: PoolClient): Promise<Counted> {
  const { rows } = await client.query<{ [Name in keyof Counted]: number | null }>(COUNT);
  const [counted] = rows;
  return {
    rows: counted?.rows ?? 0,
    setAside: counted?.setAside ?? 0,
    partitions: counted?.partitions ?? 0,
  };
}
