import type { Pool, PoolClient } from 'pg';
import { Problem } from '../../errors/problem.ts';
import { changeSchema } from '../change-schema.ts';
import { poolInSchema } from '../pool.ts';
import { migrate } from '../run-migrations.ts';
import { type OldTable, shapeOf } from './old-table.ts';

/**
 * While rows are copied, all tables of login-etl are in a schema of their own, so that the old table keeps its name until
 * the last step moves them.
 */
export const stagingName = ({ oid }: OldTable): string => `login_etl_adopts_${oid}`;

const STATE = `
  create table if not exists adoption (
    old_shape text    not null,
    rehearsed boolean not null default false
  );
  create table if not exists adoption_ranges (
    number     integer primary key,
    first_page bigint  not null,
    end_page   bigint  not null,
    -- Of the old table: rows and the sum of their versions.
    old_rows   bigint  not null,
    old_sum    numeric not null,
    kept       bigint  not null,
    ids_sum    numeric not null
  )`;

/** Rows that do not fit, as they were, with why. */
const setAside = (old: OldTable) => `
  create table if not exists user_logins_set_aside (like ${old.name});
  alter table user_logins_set_aside
    add column if not exists login_etl_message_id text primary key,
    add column if not exists login_etl_reasons text[] not null,
    add column if not exists login_etl_range integer not null`;

export const isUnderWay = async (client: PoolClient, old: OldTable): Promise<boolean> =>
  (await client.query('select from pg_namespace where nspname = $1', [stagingName(old)])).rows
    .length > 0;

type State = { sameShape: boolean; rehearsed: boolean };

/**
 * Creates the tables beside the old one, or continues with those of an adoption that was interrupted.
 * @returns whether the last step has been rehearsed
 */
export async function prepareStaging(pool: Pool, old: OldTable): Promise<boolean> {
  const staging = stagingName(old);
  await changeSchema(pool, (client) => client.query(`create schema if not exists ${staging}`));
  await migrate(poolInSchema(pool, staging));
  const state = await inStaging(pool, old, async (client) => {
    for (const { name, type } of old.extra) {
      await client.query(`alter table user_logins add column if not exists ${name} ${type}`);
    }
    await client.query(STATE);
    await client.query(setAside(old));
    await client.query(
      'insert into adoption (old_shape) select $1 where not exists (select from adoption)',
      [old.shape],
    );
    const { rows } = await client.query<State>(
      'select old_shape = $1 as "sameShape", rehearsed from adoption',
      [old.shape],
    );
    return rows[0];
  });
  if (state?.sameShape) return state.rehearsed;
  // The rows have other places now, and their copies other ids: they are copied again.
  await changeSchema(pool, (client) => client.query(`drop schema ${staging} cascade`));
  return prepareStaging(pool, old);
}

/**
 * A transaction that finds login-etl's tables, and names the old one with its schema. Retried until it gets its locks.
 * @throws Problem if the old table was changed or replaced meanwhile
 */
export const inStaging = <T>(
  pool: Pool,
  old: OldTable,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> =>
  changeSchema(pool, async (client) => {
    await client.query(`set local search_path = ${stagingName(old)}, pg_temp`);
    await client.query(`lock table ${old.name} in access share mode`);
    const { rows } = await client.query<{ same: boolean }>(
      `select to_regclass($1) = $2::oid and (${shapeOf('$2::oid')}) = $3 as same`,
      [old.name, old.oid, old.shape],
    );
    if (!rows[0]?.same) {
      throw new Problem(
        'user_logins was not adopted',
        'the table was rewritten or got other columns while its rows were copied',
        'Run this again: it copies all rows again.',
      );
    }
    return act(client);
  });
