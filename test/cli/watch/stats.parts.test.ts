import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawBars } from '../../../src/cli/stats/draw-bars.ts';
import type { Stats } from '../../../src/postgres/logins/read-stats.ts';
import { storeLogins } from '../../postgres/login-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { createTestRole, type TestRole } from '../../support/servers/test-role.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const SHARED_DEVICE = 'd'.repeat(64);
const SHARED_ADDRESS = 'e'.repeat(64);
const EVIL = `<script>alert('x')</script>"&`;

let database: TestDatabase;
let analyst: TestRole;
let directory: string;

beforeAll(async () => {
  directory = await makeTestDirectory('stats');
  database = await createTestDatabase();
  analyst = await createTestRole(database, ['select on user_logins']);
  await storeLogins(database.pool, [
    { userId: 'a', maskedDeviceId: SHARED_DEVICE, maskedIp: SHARED_ADDRESS, deviceType: EVIL },
    { userId: 'b', maskedDeviceId: SHARED_DEVICE, maskedIp: SHARED_ADDRESS, locale: null },
    { userId: 'b', maskedDeviceId: SHARED_DEVICE, daysAgo: 2, locale: 'fr_FR' },
    { userId: 'c', maskedIp: SHARED_ADDRESS, daysAgo: 2, appVersion: '9.9' },
    { userId: 'd', maskedDeviceId: SHARED_DEVICE, daysAgo: 1, maskKeyId: 'key-2' },
    { userId: 'old', daysAgo: 60 },
  ]);
});
afterAll(async () => {
  await analyst?.remove();
  await database?.remove();
  if (directory) await rm(directory, { recursive: true, force: true });
});

const stats = (...args: string[]) => loginEtl({ DATABASE_URL: analyst.url }, ['stats', ...args]);
const day = (daysAgo: number) =>
  new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

describe('stats, as a role that may read user_logins and nothing else', () => {
  test('counts by day, including days without logins, and by value', async () => {
    const json = jsonOf<Stats>(await stats('--json', '--since', '3d', '--top', '2'));
    expect(json).toMatchObject({ since: day(3), logins: 5, accounts: 4 });
    expect(json.days).toEqual([
      { value: day(3), logins: 0 },
      { value: day(2), logins: 2 },
      { value: day(1), logins: 1 },
      { value: day(0), logins: 2 },
    ]);
    expect(json.deviceTypes).toEqual({
      top: [
        { value: 'android', logins: 4 },
        { value: EVIL, logins: 1 },
      ],
      others: 0,
    });
    expect(json.locales.top[0]).toEqual({ value: 'de_DE', logins: 3 });
    expect(json.locales.others).toBe(1);
    expect(json.appVersions.top).toEqual([
      { value: '2.3.0', logins: 4 },
      { value: '9.9', logins: 1 },
    ]);
  });

  test('finds the devices and addresses that several accounts have in common, under one key', async () => {
    const json = jsonOf<Stats>(await stats('--json', '--since', '3d'));
    expect(json.sharedDevices).toEqual([
      { value: SHARED_DEVICE, maskKeyId: 'key-1', accounts: 2, logins: 3 },
    ]);
    expect(json.sharedAddresses).toEqual([
      { value: SHARED_ADDRESS, maskKeyId: 'key-1', accounts: 3, logins: 3 },
    ]);
    expect(json.maskKeyIds.sort()).toEqual(['key-1', 'key-2']);
  });

  test('draws bars, with masked values shortened', async () => {
    const { exitCode, stdout } = await stats('--since', '3d');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`${day(2)} {2}█+ +2\n {2}${day(1)} {2}█+ +1\n`));
    expect(stdout).toMatch(/d{12}… {2}█+ 2, 3 logins/);
    expect(stdout).not.toContain(SHARED_DEVICE);
    expect(stdout).toContain('masked with 2 keys (key-1, key-2)');
  });

  test('--html writes one page that needs nothing beside it and obeys no value', async () => {
    const file = join(directory, 'page.html');
    const { exitCode, stderr } = await stats('--since', '3d', '--html', file);
    expect([exitCode, stderr]).toEqual([0, `wrote ${file}\n`]);
    const page = await readFile(file, 'utf8');
    expect(page.match(/<svg /g)).toHaveLength(6);
    expect(page).not.toMatch(/<script|javascript:|<link|<img|@import|url\(|\son\w+=/i);
    expect(page.match(/https?:[^"]+/g)).toEqual(
      Array.from({ length: 6 }, () => 'http://www.w3.org/2000/svg'),
    );
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;');
    expect(page).not.toContain(SHARED_DEVICE);
    // The policy lets in the page's own style, by its hash, and nothing else.
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`);
  });

  test('a page that cannot be written is an error in three parts', async () => {
    const { exitCode, stderr } = await stats('--html', join(directory, 'none', 'page.html'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: the page was not written\n +why: .*ENOENT.*\n +what to do: /);
  });
});

test.each([40, 80, 200])('bars fit a terminal of %i columns', (width) => {
  const bars = [
    { label: 'a label that goes on and on and on', value: 1_234_567 },
    { label: '日本語', value: 1, note: '12 logins' },
    { label: 'nothing', value: 0 },
  ];
  const lines = drawBars({ title: 'Title', unit: 'logins', kind: 'ranking', bars }, width);
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(width, 60));
  expect(lines[2]).toContain('▏');
  expect(lines[3]).not.toMatch(/[▏█]/);
});
