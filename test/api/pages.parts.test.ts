import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { html } from '../../src/http/safe-html.ts';
import { newBrowser } from '../codec-server/browser.ts';
import { storeLogins } from '../postgres/login-rows.ts';
import { startJwtIssuer } from '../support/servers/jwt-issuer.ts';
import { apiInTest, type StartedApi, startedApi, TOKEN, tokenWith } from './started-api.ts';

const masked = (value: string) => createHash('sha256').update(value).digest('hex');
const DEVICE = masked('shared-device');
const MARKUP = '<img src=x onerror=alert(1)>';

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi();
  await storeLogins(
    api.database.pool,
    Array.from({ length: 60 }, (_, index) => ({
      userId: index < 3 ? `user-${index}` : `other-${index % 12}`,
      maskedDeviceId: index < 3 ? DEVICE : masked(`device-${index}`),
      maskedIp: masked(`ip-${index}`),
      daysAgo: index < 3 ? 0 : index % 10,
      appVersion: index === 0 ? MARKUP : '2.3.0',
      locale: index === 0 ? '"><script>alert(1)</script>' : 'de_DE',
      deviceType: index === 0 ? `'"--><style>*{}</style>` : 'ios',
    })),
  );
  // The sums are kept in the background.
  for (const [path, least] of [
    ['/v1/sharing/devices', 1],
    ['/v1/stats/days', 6],
  ] as const) {
    await vi.waitFor(
      async () =>
        expect(
          ((await (await api.get(path)).json()) as { data: [] }).data.length,
        ).toBeGreaterThanOrEqual(least),
      { timeout: 30_000, interval: 200 },
    );
  }
});
afterAll(() => api?.stop());

test('markup escapes what it is given, in content and in attributes', () => {
  const evil = `"'<b>&`;
  expect(html`<a title="${evil}">${[evil, html`<i>${1}</i>`, null]}</a>`.text).toBe(
    '<a title="&quot;&#39;&lt;b&gt;&amp;">&quot;&#39;&lt;b&gt;&amp;<i>1</i></a>',
  );
});

const form = (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
  { url } = api,
) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, ...headers },
    body: new URLSearchParams(fields),
  });
const signedIn = async (token = TOKEN) => {
  const response = await form('/sign-in', { token });
  return { cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] as string };
};
const text = async (path: string, headers: Record<string, string>) =>
  (await fetch(`${api.url}${path}`, { headers, redirect: 'manual' })).text();

describe('without a browser', () => {
  test('a visitor without a session is redirected to sign in; a wrong token is refused, and pages of other origins cannot sign in', async () => {
    for (const path of ['/', '/search', '/sharing', `/devices/${DEVICE}`]) {
      const response = await fetch(`${api.url}${path}`, { redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([303, '/sign-in']);
    }
    const refused = await form('/sign-in', { token: 'x'.repeat(40) });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('set-cookie')).toBeNull();
    expect(
      (await form('/sign-in', { token: TOKEN }, { origin: 'https://evil.example' })).status,
    ).toBe(403);
    const session = await signedIn();
    const other = { ...session, origin: 'https://evil.example' };
    expect((await form('/user', { user: 'user-0' }, other)).status).toBe(403);
  });

  test('the session opens the pages, not the routes, and allows scripts and other origins nothing', async () => {
    const session = await signedIn();
    const page = await fetch(`${api.url}/`, { headers: session });
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    const shown = await page.text();
    expect(shown).not.toContain('<script');
    expect(shown).not.toContain('<style>*');
    expect(shown).toContain('&lt;script&gt;');
    expect(shown).not.toContain(MARKUP);
    expect(shown).toContain('&lt;img src=x');
    const route = await fetch(`${api.url}/v1/stats/days`, { headers: session });
    expect(route.status).toBe(401);
  });

  test('a JWT signs in as long as it is valid, and the cookie is no JWT', async () => {
    const issuer = await startJwtIssuer('api');
    onTestFinished(issuer.stop);
    const on = await apiInTest({ settings: { jwt: issuer.settings }, database: api.database });
    const jwt = await issuer.jwt({ scope: 'logins:read' });
    const response = await form('/sign-in', { token: jwt }, {}, on);
    expect(response.status).toBe(303);
    const cookie = response.headers.get('set-cookie')?.split(';')[0] as string;
    expect(cookie).not.toContain(jwt.split('.')[1]);
    const shown = await fetch(`${on.url}/`, { headers: { cookie } });
    expect(await shown.text()).toContain('user-0');
    const route = await on.post(
      '/v1/logins/search',
      {},
      { authorization: `Bearer ${cookie.split('=')[1]}` },
    );
    expect(route.status).toBe(401);

    const soon = await issuer.jwt({ scope: 'logins:read', exp: '-29s' });
    const brief = await form('/sign-in', { token: soon }, {}, on);
    const short = brief.headers.get('set-cookie')?.split(';')[0] as string;
    // The clocks of the issuer and the service may differ by half a minute.
    await expect
      .poll(
        async () =>
          (await fetch(`${on.url}/`, { headers: { cookie: short }, redirect: 'manual' })).status,
        { timeout: 5_000 },
      )
      .toBe(303);
    for (const token of [
      await issuer.jwt({ aud: 'other' }),
      await issuer.jwt({ filler: 'x'.repeat(4_000) }),
    ]) {
      expect((await form('/sign-in', { token }, {}, on)).status).toBe(401);
    }
  });

  test('nothing is searched for by an address, and forms are the only bodies', async () => {
    const session = await signedIn();
    expect(await text('/search?user=user-1', session)).not.toContain('user-1');
    const json = await fetch(`${api.url}/search`, {
      method: 'POST',
      headers: { ...session, origin: api.url, 'content-type': 'application/json' },
      body: '{"user": {"a": 1}}',
    });
    expect(json.status).toBe(415);
    for (const fields of [
      { user: '"><b>' },
      { __proto__x: '1' },
      { limit: '1' },
      { cursor: '"><b>' },
    ]) {
      const shown = await (await form('/search', fields, session)).text();
      expect(shown).not.toContain('<b>');
    }
    expect(await text(`/devices/%22%3E%3Cb%3E?cursor=%22%3E%3Cb%3E`, session)).not.toContain('<b>');
  });

  test('a page shows no more than the token may', async () => {
    const session = await signedIn(tokenWith('logins:stats'));
    const overview = await text('/', session);
    expect(overview).toContain('<svg');
    expect(overview).toContain('the token lacks the scope logins:read');
    expect(overview).not.toContain('user-0');
    expect(await text('/sharing', session)).toContain('the token lacks the scope logins:fraud');
  });
});

test('in a browser: sign in, overview, search, a device, a user, sharing, sign out, on a phone and with the keyboard', async () => {
  const browser = await newBrowser();
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.setViewportSize({ width: 375, height: 700 });
  await page.goto(`${api.url}/`);
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(await page.locator('svg rect').count()).toBeGreaterThan(5);
  // Nothing but a table within its own frame is wider than the screen.
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);

  await page.getByRole('link', { name: 'Search' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('User').fill('user-1');
  await page.keyboard.press('Enter');
  await page.getByRole('table').waitFor();
  expect(page.url()).toBe(`${api.url}/search`);

  await page.getByRole('link', { name: `${DEVICE.slice(0, 12)}…` }).click();
  await page.getByRole('heading', { name: 'Device' }).waitFor();
  expect(page.url()).toBe(`${api.url}/devices/${DEVICE}`);
  expect(await page.getByRole('table').first().textContent()).toContain('user-2');

  await page.getByRole('button', { name: 'user-2' }).first().click();
  await page.getByRole('heading', { name: 'Shares with' }).waitFor();
  expect(page.url()).toBe(`${api.url}/user`);
  expect(await page.getByRole('main').textContent()).toContain('user-1');

  await page.getByRole('link', { name: 'Sharing' }).click();
  await page.getByRole('heading', { name: 'Devices with several users' }).waitFor();
  expect(await page.getByRole('table').first().textContent()).toContain(DEVICE.slice(0, 12));

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`${api.url}/sharing`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(problems).toEqual([]);
});
