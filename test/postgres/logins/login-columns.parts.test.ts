import { expect, onTestFinished, test } from 'vitest';
import { MASKED_FIELDS, TABLE_COLUMNS } from '../../../src/domain/login/login-columns.ts';
import { createTestDatabase } from '../../support/servers/test-database.ts';

async function migratedPool() {
  const made = await createTestDatabase({ migrated: true });
  onTestFinished(() => made.remove());
  return made.pool;
}

test('the declared columns are those of the migrated table: name, order, type, length, nullable', async () => {
  const pool = await migratedPool();
  const { rows } = await pool.query(`
    select attname as column, format_type(atttypid, null) as type, not attnotnull as nullable,
      case when atttypid = 'varchar'::regtype then atttypmod - 4 end as length
    from pg_attribute where attrelid = 'user_logins'::regclass and attnum > 0 and not attisdropped
    order by attnum`);
  const types: Record<string, string> = {
    varchar: 'character varying',
    timestamptz: 'timestamp with time zone',
  };
  expect(
    TABLE_COLUMNS.map((declared) => ({
      column: declared.column,
      type: types[declared.type] ?? declared.type,
      nullable: declared.nullable,
      length: 'maxCharacters' in declared ? declared.maxCharacters : null,
    })),
  ).toEqual(rows);
});

test('the vault takes every masked field, and the custodian may re-mask its column', async () => {
  const pool = await migratedPool();
  for (const field of MASKED_FIELDS) {
    for (const table of ['vault', 'vault_set_aside']) {
      await pool.query(
        `insert into ${table} (masked_value, field, mask_key_id, data_key_id, sealed_value)
         values ('a', $1, 'key', gen_random_uuid(), 'a')`,
        [field],
      );
    }
  }
  for (const declared of TABLE_COLUMNS) {
    const { rows } = await pool.query(
      `select has_column_privilege('login_etl_custodian', 'user_logins', $1, 'update') as granted`,
      [declared.column],
    );
    const remasked = 'masked' in declared || declared.column === 'mask_key_id';
    expect(rows, declared.column).toEqual([{ granted: remasked }]);
  }
});
