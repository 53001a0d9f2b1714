import { expect, test } from 'vitest';
import { bearer, startedCodecServer, TOKEN, UI_ORIGIN, valuesOf } from './started-codec-server.ts';

test('a preflight of the Web UI is let through with what it sends', async () => {
  const { url } = await startedCodecServer();
  const { status, headers } = await fetch(`${url}/decode`, {
    method: 'OPTIONS',
    headers: { origin: UI_ORIGIN, 'access-control-request-method': 'POST' },
  });
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe(UI_ORIGIN);
  expect(headers.get('vary')).toBe('Origin');
  expect(headers.get('access-control-allow-headers')?.split(', ')).toEqual(
    expect.arrayContaining([
      'authorization',
      'authorization-extras',
      'content-type',
      'x-namespace',
    ]),
  );
});

test.each([
  'https://evil.example',
  `${UI_ORIGIN}.evil.example`,
  'http://temporal.example',
  `${UI_ORIGIN}:8443`,
  'null',
])('a page of %s gets no answer, not even with the token', async (origin) => {
  const server = await startedCodecServer();
  const preflight = await fetch(`${server.url}/decode`, { method: 'OPTIONS', headers: { origin } });
  const decode = await server.decode([await server.seal(1)], { ...bearer(), origin });
  for (const { status, headers } of [preflight, decode]) {
    expect(status).toBe(403);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('vary')).toBe('Origin');
  }
  expect(await server.records()).toEqual([]);
});

test('the Web UI may read why it was refused', async () => {
  const server = await startedCodecServer();
  const { status, headers } = await server.decode([], { origin: UI_ORIGIN });
  expect(status).toBe(401);
  expect(headers.get('access-control-allow-origin')).toBe(UI_ORIGIN);
});

function login(url: string, token: string, headers: Record<string, string> = {}) {
  return fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ token }),
  });
}

const cookieOf = (response: Response) => response.headers.get('set-cookie') ?? '';

test('a session is for the Web UI, out of reach of scripts, and says who is on record', async () => {
  const server = await startedCodecServer();
  const response = await login(server.url, TOKEN, { 'sec-fetch-site': 'same-origin' });
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toBe(`${UI_ORIGIN}/`);
  expect(cookieOf(response)).toMatch(/; Max-Age=28800; HttpOnly; SameSite=Strict$/);
  expect(cookieOf(response)).not.toContain(TOKEN);

  const cookie = cookieOf(response).split(';')[0] as string;
  const sealed = await server.seal('shown');
  const shown = await server.decode([sealed], { cookie, origin: UI_ORIGIN });
  expect(await valuesOf(shown)).toEqual(['shown']);
  expect(await server.records()).toMatchObject([
    { detail: { caller: 'on-call', authenticated_by: 'session' } },
  ]);
  expect((await server.decode([sealed], { cookie })).status).toBe(401);
});

test('a session of another token, or a changed one, is refused', async () => {
  const [server, other] = [
    await startedCodecServer(),
    await startedCodecServer({ token: { name: 'other', secret: `${TOKEN}-2` } }),
  ];
  const cookie = cookieOf(await login(server.url, TOKEN)).split(';')[0] as string;
  const origin = UI_ORIGIN;
  const sealed = await other.seal(1);
  expect((await other.decode([sealed], { cookie, origin })).status).toBe(401);
  const [header, payload] = cookie.split('.');
  for (const forged of [`${cookie}x`, `${header}.${payload}.`, 'login_etl_codec=']) {
    expect((await server.decode([], { cookie: forged, origin })).status).toBe(401);
  }
});

test('a session over TLS is sent over TLS only', async () => {
  const { url } = await startedCodecServer({ behindTlsProxy: true });
  expect(cookieOf(await login(url, TOKEN))).toMatch(/; Secure$/);
});

test.each([
  ['with another token', 'x'.repeat(40), {}, 401],
  ["from another site's page", TOKEN, { origin: 'https://evil.example' }, 403],
  ["from a neighbour's page", TOKEN, { 'sec-fetch-site': 'same-site' }, 403],
])('nobody is logged in %s', async (_what, token, headers, status) => {
  const { url } = await startedCodecServer();
  const response = await login(url, token, headers);
  expect(response.status).toBe(status);
  expect(cookieOf(response)).toBe('');
});

test('there is no login page without a token, or without a Web UI', async () => {
  const uiOnly = await startedCodecServer();
  expect((await fetch(`${uiOnly.url}/login`)).status).toBe(200);
  const jwt = {
    issuer: 'https://issuer.example',
    audience: 'codec',
    jwksUrl: new URL('https://issuer.example/jwks'),
  };
  const servers = [
    await startedCodecServer({ token: undefined, jwt } as never),
    await startedCodecServer({ uiOrigin: undefined } as never),
  ];
  for (const { url } of servers) expect((await fetch(`${url}/login`)).status).toBe(404);
});
