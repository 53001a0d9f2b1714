import type { Client } from 'pg';
import { type Masker, sha256Masker } from '../src/domain/login/masking.ts';
import { withPostgresClient } from '../src/local/postgres/postgres-connection.ts';
import type { TableKind } from './bench-database.ts';
import type { LoginMessage } from './login-events.ts';

export type ExpectedRows = {
  /** One for each message sent. */
  userIds: readonly string[];
  /** The messages whose rows are checked. */
  samples: readonly LoginMessage[];
};

const IDS_A_QUERY = 50_000;

/** Returns the problems of the rows: empty when every message is stored exactly once and correctly masked. */
export async function rowProblems(
  databaseUrl: string,
  table: TableKind,
  { userIds, samples }: ExpectedRows,
  masker: Masker,
): Promise<string[]> {
  if (table === 'none') return [];
  return withPostgresClient(databaseUrl, async (client) => [
    ...(await countProblems(client, userIds)),
    ...(await maskingProblems(client, samples, table === 'user_logins' ? masker : sha256Masker)),
    ...(table === 'user_logins' ? await quarantineProblems(client) : []),
  ]);
}

async function countProblems(client: Client, userIds: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ rows: number; users: number }>(
    'select count(*)::int as rows, count(distinct user_id)::int as users from user_logins',
  );
  const { rows: stored = 0, users = 0 } = rows[0] ?? {};
  let found = 0;
  for (let from = 0; from < userIds.length; from += IDS_A_QUERY) {
    found += await countFound(client, userIds.slice(from, from + IDS_A_QUERY));
  }
  const problems = [];
  if (found !== userIds.length) problems.push(`${userIds.length - found} messages have no row`);
  if (stored !== users) problems.push(`${stored - users} rows are there twice`);
  if (users !== found) problems.push(`${users - found} rows are of no message`);
  return problems;
}

async function countFound(client: Client, userIds: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ found: number }>(
    'select count(distinct user_id)::int as found from user_logins where user_id = any($1::text[])',
    [userIds],
  );
  return rows[0]?.found ?? 0;
}

async function maskingProblems(
  client: Client,
  samples: readonly LoginMessage[],
  masker: Masker,
): Promise<string[]> {
  const { rows } = await client.query<Record<string, string>>(
    `select user_id, device_type, masked_ip, masked_device_id, locale, app_version
     from user_logins where user_id = any($1::text[])`,
    [samples.map(({ user_id }) => user_id)],
  );
  const byUser = new Map(rows.map((row) => [row.user_id, row]));
  const wrong = samples.filter((sample) => {
    const { ip, device_id, ...kept } = sample;
    const expected: Record<string, string> = {
      ...kept,
      masked_ip: masker.mask('ip', ip),
      masked_device_id: masker.mask('device_id', device_id),
    };
    const row = byUser.get(sample.user_id);
    return Object.keys(expected).some((column) => row?.[column] !== expected[column]);
  });
  return wrong.length > 0
    ? [`${wrong.length} of ${samples.length} sampled rows differ from what was sent`]
    : [];
}

async function quarantineProblems(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ rows: number }>(
    'select count(*)::int as rows from quarantine',
  );
  const quarantined = rows[0]?.rows ?? 0;
  return quarantined > 0 ? [`${quarantined} messages are in quarantine`] : [];
}
