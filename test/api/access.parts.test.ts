import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { API_SCOPES, type ApiScope } from '../../src/config/sections/api-section.ts';
import { type JwtIssuer, startJwtIssuer } from '../support/servers/jwt-issuer.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { apiInTest, bearer, type StartedApi, startedApi, tokenWith } from './started-api.ts';

const AUDIENCE = 'login-etl-api';
const MASKED = 'a'.repeat(64);
const ID = '00000000-0000-4000-8000-000000000000';

/** Every route that needs a token, and the scope that it needs. */
const ROUTES: readonly [method: 'GET' | 'POST', path: string, scope: ApiScope, body?: object][] = [
  ['POST', '/v1/logins/search', 'logins:read', {}],
  ['GET', `/v1/devices/${MASKED}/logins`, 'logins:read'],
  ['GET', `/v1/devices/${MASKED}/accounts`, 'logins:read'],
  ['GET', `/v1/ips/${MASKED}/logins`, 'logins:read'],
  ['GET', `/v1/ips/${MASKED}/accounts`, 'logins:read'],
  ['POST', '/v1/lookups', 'logins:lookup', { field: 'ip', value: '10.0.0.1', reason: 'test' }],
  ['GET', '/v1/stats/days', 'logins:stats'],
  ['GET', '/v1/stats/distinct', 'logins:stats'],
  ['GET', '/v1/sharing/devices', 'logins:fraud'],
  ['GET', '/v1/sharing/ips', 'logins:fraud'],
  ['POST', '/v1/exports', 'logins:export', { reason: 'test' }],
  ['GET', `/v1/exports/${ID}`, 'logins:export'],
];

let issuer: JwtIssuer;
let api: StartedApi;

beforeAll(async () => {
  issuer = await startJwtIssuer(AUDIENCE);
  api = await startedApi({ settings: { jwt: issuer.settings } });
});
afterAll(async () => {
  await api?.stop();
  issuer?.stop();
});

const send = (
  [method, path, , body]: (typeof ROUTES)[number],
  headers: Record<string, string>,
  { url } = api,
): Promise<Response> =>
  fetch(`${url}${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });

test('every route with a scope is in this table', async () => {
  const { paths } = (await (await api.get('/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const listed = ROUTES.map(
    ([method, path]) =>
      `${method} ${path.replace(MASKED, '{masked}').replace(ID, '{id}').replace(/\?.*/, '')}`,
  );
  expect(new Set(described)).toEqual(new Set(listed));
});

describe.each(ROUTES)('%s %s', (...route) => {
  const [, , scope] = route;

  test.each(API_SCOPES)(
    'a caller with the scope %s gets answers only from routes of that scope',
    async (own) => {
      const allowed = own === scope;
      const tokens = [
        tokenWith(own),
        await issuer.jwt({ scope: `openid ${own}` }),
        await issuer.jwt({ scp: [own] }),
      ];
      for (const token of tokens) {
        const { status, headers } = await send(route, bearer(token));
        if (allowed) expect([200, 201, 404]).toContain(status);
        else {
          expect(status).toBe(403);
          expect(headers.get('www-authenticate')).toContain(`scope="${scope}"`);
        }
      }
    },
  );

  test('a caller without a valid token gets no answer', async () => {
    const refused = {
      'no token': {},
      'another token': bearer('x'.repeat(40)),
      'another scheme': { authorization: `Basic ${tokenWith(scope)}` },
      'an expired token': bearer(await issuer.jwt({ scope, exp: '-5m' })),
      'a token for another audience': bearer(await issuer.jwt({ scope, aud: 'another' })),
      'a token of another issuer': bearer(
        await issuer.jwt({ scope, iss: 'https://other.example' }),
      ),
      'the token as a cookie': { cookie: `login_etl_api=${tokenWith(scope)}` },
    };
    // One of its own, since an address may fail only so often.
    const fresh = await apiInTest({ settings: { jwt: issuer.settings }, database: api.database });
    for (const [what, headers] of Object.entries(refused)) {
      const response = await send(route, headers as Record<string, string>, fresh);
      expect(response.status, what).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(await response.json(), what).toMatchObject({
        type: 'urn:login-etl:problem:unauthenticated',
      });
    }
    const none = await send(route, bearer(await issuer.jwt({ scope: 'openid' })));
    expect(none.status).toBe(403);
  });
});

test('a caller that sends too many requests gets 429 with Retry-After; another caller does not', async () => {
  const limited = await apiInTest({ settings: { requestsPerMinute: 3 }, database: api.database });
  const ask = (token = tokenWith('logins:read')) =>
    limited.post('/v1/logins/search', {}, bearer(token));
  for (let left = 2; left >= 0; left -= 1) {
    const { status, headers } = await ask();
    expect(status).toBe(200);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"requests";r=${left};t=\\d+$`));
    expect(headers.get('ratelimit-policy')).toBe('"requests";q=3;w=60');
  }
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ type: 'urn:login-etl:problem:too-many-requests' });
  expect((await ask(tokenWith('logins:stats'))).status).toBe(403);
});

test('answers 304 are bounded, too, though at ten times the rate', async () => {
  const limited = await apiInTest({ settings: { requestsPerMinute: 2 }, database: api.database });
  const ask = () => limited.get('/v1/stats/days', { 'if-none-match': '*' });
  const statuses = [];
  for (let time = 0; time < 25; time += 1) statuses.push((await ask()).status);
  expect(statuses.slice(0, 20).every((status) => status === 304)).toBe(true);
  expect(statuses.at(-1)).toBe(429);
});

test('tokens count and stop counting as the file that has them is replaced', async () => {
  const directory = await makeTestDirectory('api-tokens');
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'tokens.json');
  const write = (...names: string[]) =>
    writeFile(
      file,
      JSON.stringify(
        names.map((name) => ({ name, scopes: ['logins:stats'], token: name.padEnd(40, '0') })),
      ),
    );
  await write('first');
  const { tokens, tokensInFile } = loadConfig(['api'], { API_TOKENS_FILE: file }).api;
  const settings = { tokens, ...(tokensInFile && { tokensInFile }) };
  const reloading = await apiInTest({ settings, database: api.database });
  const statusFor = async (name: string) =>
    (await reloading.get('/v1/stats/days', bearer(name.padEnd(40, '0')))).status;
  expect([await statusFor('first'), await statusFor('second')]).toEqual([200, 401]);
  await write('second');
  await expect.poll(() => statusFor('second'), { timeout: 5_000 }).toBe(200);
  expect(await statusFor('first')).toBe(401);
  await writeFile(file, 'half written');
  await expect.poll(() => tokensInFile?.()[0]?.name).toBe('second');
  expect(await statusFor('second')).toBe(200);
});

test('an address that guesses tokens gets 429 after a number of failures', async () => {
  const guessed = await apiInTest({ database: api.database });
  const statuses = [];
  for (let attempt = 0; attempt < 65; attempt += 1) {
    statuses.push((await guessed.post('/v1/logins/search', {}, bearer('x'.repeat(40)))).status);
  }
  expect(statuses.slice(0, 60).every((status) => status === 401)).toBe(true);
  expect(statuses.at(-1)).toBe(429);
});

test('pages of other origins are not allowed to read an answer', async () => {
  const answer = await api.post('/v1/logins/search', {}, { origin: 'https://evil.example' });
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  const preflight = await fetch(`${api.url}/v1/logins/search`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(405);
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
});
