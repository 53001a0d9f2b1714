import { join } from 'node:path';
import { startApi } from '../../src/api/start-api.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createDatabaseUsers } from '../../src/local/postgres/database-users.ts';
import {
  removePostgresData,
  startPostgresServer,
} from '../../src/local/postgres/postgres-server.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { createLogger } from '../../src/telemetry/logs/logger.ts';

const TOKEN = 'a-token-of-the-pictures-of-the-pages';
const DAYS = 60;

/** Logins of two months, fewer at weekends, with a few devices that several users share. */
const LOGINS = `
  insert into user_logins
  select 'user-' || 1000 + n % 173, case n % 3 when 0 then 'ios' else 'android' end,
    encode(sha256(('ip' || n % 211)::bytea), 'hex'),
    encode(sha256(('device' || case when n % 173 < 4 then 1 else n % 173 end)::bytea), 'hex'),
    case n % 4 when 0 then 'fr_FR' else 'de_DE' end, '2.' || n % 3, day, md5(day::text || n), '2026-11',
    day + n * interval '7 minutes', day + n * interval '7 minutes', gen_random_uuid(), 1
  from generate_series((now() at time zone 'utc')::date - ${DAYS}, (now() at time zone 'utc')::date - 1, '1 day') as days (day),
    generate_series(1, 60) as n
  where n <= case when extract(isodow from day) < 6 then 45 else 25 end + extract(day from day)::int % 9`;

/** A read service over made-up logins. */
export async function startReadService(
  directory: string,
): Promise<{ url: string; token: string; device: string; stop(): Promise<void> }> {
  const dataDirectory = join(directory, 'read-service');
  const postgres = await startPostgresServer({ dataDirectory, settings: { fsync: 'off' } });
  const url = await postgres.createDatabase('pictures');
  const owner = postgresPool({ connectionString: url }, { applicationName: 'pictures' });
  await migrate(owner);
  const { reader } = await createDatabaseUsers(url);
  await owner.query(LOGINS);
  const { rows } = await owner.query(`select encode(sha256('device1'), 'hex') as device`);
  const pool = postgresPool(
    { connectionString: reader },
    { applicationName: 'pictures', readOnly: true },
  );
  const scopes = ['logins:read', 'logins:stats', 'logins:fraud'];
  const { api: settings } = loadConfig(['api'], {
    API_ADDRESS: '127.0.0.1:0',
    API_TOKENS: JSON.stringify([{ name: 'pictures', scopes, token: TOKEN }]),
  });
  const service = await startApi({
    settings,
    masking: undefined,
    pool,
    logger: createLogger('error'),
  });
  return {
    url: service.url,
    token: TOKEN,
    device: rows[0].device,
    async stop() {
      await service.stop();
      await Promise.all([pool.end(), owner.end()]);
      await postgres.stop();
      await removePostgresData(dataDirectory);
    },
  };
}
