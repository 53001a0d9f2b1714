import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeLogins } from '../postgres/login-rows.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../support/servers/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { type StartedApi, startedApi } from './started-api.ts';

const masked = (value: string) => createHash('sha256').update(value).digest('hex');
const ROWS = 25;

describe.skipIf(!hasPgbouncer()).each(['transaction', 'session'] as const)(
  'behind PgBouncer in %s mode',
  (mode) => {
    let database: TestDatabase;
    let pooler: Pgbouncer;
    let api: StartedApi;

    beforeAll(async () => {
      database = await createTestDatabase();
      await storeLogins(
        database.pool,
        Array.from({ length: ROWS }, (_, index) => ({
          ...{ userId: `user-${index % 6}`, daysAgo: index },
          ...{ maskedDeviceId: masked('device'), maskedIp: masked(`ip-${index % 2}`) },
        })),
      );
      pooler = await startPgbouncer([database.urls.reader], mode);
      api = await startedApi({ database, databaseUrl: pooler.through(database.urls.reader) });
    });
    afterAll(async () => {
      await api?.stop();
      await pooler?.stop();
      await database?.remove();
    });

    // biome-ignore lint/suspicious/noExplicitAny: any JSON.
    const json = async (answer: Promise<Response>): Promise<any> => (await answer).json();
    const search = (body: object) => json(api.post('/v1/logins/search', body));

    test('pages follow each other, many callers ask at once, and changes are seen', async () => {
      const ids: string[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = await search({ limit: 7, ...(cursor && { cursor }) });
        ids.push(...page.data.map(({ message_id }: { message_id: string }) => message_id));
        cursor = page.next;
      }
      expect(new Set(ids).size).toBe(ROWS);
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => search({ user: `user-${at % 6}`, limit: 1 + at })),
      );
      for (const [at, { data }] of answers.entries()) {
        expect(data.length).toBe(Math.min(1 + at, at % 6 === 0 ? 5 : 4));
      }
      await storeLogins(database.pool, [{ userId: 'user-0' }]);
      await expect
        .poll(async () => (await search({ user: 'user-0' })).data.length, { timeout: 5_000 })
        .toBe(6);
    });

    test('devices, sums, sharing and exports are answered', async () => {
      const device = `/v1/devices/${masked('device')}`;
      await expect
        .poll(async () => (await json(api.get('/v1/sharing/devices'))).data, {
          timeout: 20_000,
        })
        .toHaveLength(1);
      for (const path of [
        `${device}/accounts`,
        `${device}/logins`,
        '/v1/stats/days',
        '/v1/stats/distinct',
      ]) {
        expect((await api.get(path)).status, path).toBe(200);
      }
      const begun = await json(api.post('/v1/exports', { reason: 'case 12' }));
      const file = await (await api.get(begun.data.url)).text();
      expect(file.trimEnd().split('\n')).toHaveLength(1 + begun.data.rows);
    });
  },
);
