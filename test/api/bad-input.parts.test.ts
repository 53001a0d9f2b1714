import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, type StartedApi, startedApi } from './started-api.ts';

const MARK = 'k7-secret-value';
const SEARCH = '/v1/logins/search';

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi();
});
afterAll(() => api?.stop());

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body.status).toBe(response.status);
  expect(body.request_id).toBe(response.headers.get('x-request-id'));
  return body;
}

/** What is sent as the body of a search, and the field that the answer names. */
const WRONG_BODIES: readonly [what: string, body: unknown, field: string][] = [
  ['an unknown field', { users: MARK }, 'users'],
  ['a field in another case', { User: MARK }, 'User'],
  ['__proto__', JSON.stringify({ a: 1 }).replace('a', '__proto__x'), '__proto__x'],
  ['a number for a text', { user: 4711 }, 'user'],
  ['an array for a text', { user: [MARK] }, 'user'],
  ['an empty text', { user: '' }, 'user'],
  ['a text that is too long', { user: 'u'.repeat(129) }, 'user'],
  ['a NUL', { user: `${MARK}\0` }, 'user'],
  ['a plain address', { masked_ip: '10.0.0.1' }, 'masked_ip'],
  ['a masked value in capitals', { masked_device: 'A'.repeat(64) }, 'masked_device'],
  ['a day that does not exist', { from: '2026-02-30' }, 'from'],
  ['a time', { from: '2026-11-01T00:00:00Z' }, 'from'],
  ['a window that ends before it begins', { from: '2026-11-02', to: '2026-11-01' }, 'to'],
  ['a last day before the default first day', { to: '2020-01-01', from: '2020-01-02' }, 'to'],
  ['a name twice', '{"user": "a", "user": "b"}', 'user'],
  ['a name twice, once in escapes', '{"limit": 1, "lim\\u0069t": 2}', 'limit'],
  [
    'a name twice, with quotes in the value',
    '{"user": "\\",\\"to\\":", "to": null, "to" : 1}',
    'to',
  ],
  ['a negative limit', { limit: -1 }, 'limit'],
  ['a day without zeros', { from: '2026-1-1' }, 'from'],
  ['a day with a space', { from: '2026-11-01 ' }, 'from'],
  ['a day as seconds', { from: 1_793_000_000 }, 'from'],
  ['the word of Postgres for now', { to: 'now' }, 'to'],
  ['the end of time of Postgres', { to: 'infinity' }, 'to'],
  ['a year with five digits', { to: '10000-01-01' }, 'to'],
  ['the year 0', { from: '0000-01-01', to: '2026-01-01' }, 'from'],
  ['a last day in the year 1', { to: '0001-01-01' }, 'to'],
  ['a limit of 0', { limit: 0 }, 'limit'],
  ['a limit that is too high', { limit: 501 }, 'limit'],
  ['a limit in words', { limit: '10' }, 'limit'],
  ['a fractional limit', { limit: 1.5 }, 'limit'],
  ['a cursor with other characters', { cursor: '../..' }, 'cursor'],
  ['a cursor that is too long', { cursor: 'a'.repeat(1_025) }, 'cursor'],
  ['an array for the body', [], 'body'],
  ['null for the body', 'null', 'body'],
  ['a text for the body', `"${MARK}"`, 'body'],
];

test.each(WRONG_BODIES)('%s gets a problem that names the field', async (_what, body, field) => {
  const response = await api.post(SEARCH, body);
  const problem = await problemOf(response);
  expect(problem).toMatchObject({
    type: 'urn:login-etl:problem:invalid-request',
    status: 400,
    field,
  });
  expect(JSON.stringify(problem)).not.toContain(MARK);
});

test.each([
  ['broken JSON', `{"user": "${MARK}`],
  ['JSON with something after it', `{} ${MARK}`],
  ['no body', ''],
])('%s gets a problem', async (_what, body) => {
  const problem = await problemOf(await api.post(SEARCH, body));
  expect(problem).toMatchObject({ type: 'urn:login-etl:problem:invalid-request', status: 400 });
  expect(JSON.stringify(problem)).not.toContain(MARK);
});

test.each([
  ['a form', 'application/x-www-form-urlencoded'],
  ['text', 'text/plain'],
  ['XML', 'application/xml'],
  ['no JSON by another name', 'application/jsonp'],
])('%s is refused', async (_what, type) => {
  const response = await api.post(SEARCH, '{}', { 'content-type': type });
  expect(await problemOf(response)).toMatchObject({
    type: 'urn:login-etl:problem:unsupported-media-type',
    status: 415,
  });
});

test('an unknown path or method gets a problem', async () => {
  expect(await problemOf(await api.get('/v1/nothing'))).toMatchObject({ status: 404 });
  expect(await problemOf(await api.get(`/${MARK}`))).toMatchObject({ status: 404 });
  expect(await problemOf(await api.get('/%zz'))).toMatchObject({ status: 404 });
  const get = await api.get(SEARCH);
  expect(get.headers.get('allow')).toBe('POST');
  expect(await problemOf(get)).toMatchObject({
    type: 'urn:login-etl:problem:method-not-allowed',
    status: 405,
  });
  const remove = await fetch(`${api.url}/healthz`, { method: 'DELETE' });
  expect(remove.headers.get('allow')).toBe('GET, HEAD');
  expect(await problemOf(remove)).toMatchObject({ status: 405 });
});

test.each([
  ['limit=-1', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=1e1', 'limit'],
  ['limit=0x10', 'limit'],
  ['limit=', 'limit'],
  ['limit=%2010', 'limit'],
  ['limit=99999999999999999999', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['limit[]=1', 'limit[]'],
  ['seen_since=0000-01-01', 'seen_since'],
  ['seen_since=2026-02-30', 'seen_since'],
  ['seen_since=now', 'seen_since'],
  ['cursor=', 'cursor'],
  ['cursor=a&cursor=b', 'cursor'],
  ['__proto__=1', '__proto__'],
  ['constructor=1', 'constructor'],
])('the parameter %s is refused by its name', async (parameter, field) => {
  const problem = await problemOf(await api.get(`/v1/sharing/devices?${parameter}`));
  expect(problem).toMatchObject({ type: 'urn:login-etl:problem:invalid-request', field });
});

const MASKED = 'a'.repeat(64);
test.each([
  ['a slash', `${MASKED.slice(1)}%2F`, 400],
  ['a NUL', `${MASKED}%00`, 400],
  ['a line break', `${MASKED}%0d%0aX-Evil:1`, 400],
  ['another letter', `${MASKED.slice(1)}%D0%B0`, 400],
  ['broken UTF-8', `${MASKED.slice(1)}%ff`, 404],
  ['dots', '%2e%2e%2f%2e%2e', 400],
  ['a parameter of its path', `${MASKED};a=1`, 400],
  ['a longer value', `${MASKED}a`, 400],
])('%s in a path is no masked value', async (_what, value, status) => {
  const answer = await raw(
    `GET /v1/devices/${value}/logins HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer().authorization}\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).not.toMatch(/^x-evil/im);
  if (status === 400) expect(answer).toContain('"field":"masked"');
});

test('two readings of where a request ends are not possible', async () => {
  const head = `POST ${SEARCH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: ${bearer().authorization}\r\n`;
  for (const lengths of [
    'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 2\r\nContent-Length: 40\r\n',
    'Transfer-Encoding: identity, chunked, x\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Content-Length: +2\r\n',
  ]) {
    const answer = await raw(`${head}${lengths}\r\n{}GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer, lengths).toMatch(/^HTTP\/1.1 400 .*urn:login-etl:problem/s);
    expect(answer.match(/^HTTP/gm), lengths).toHaveLength(1);
  }
});

test('headers of proxies that a caller makes up change nothing', async () => {
  const headers = {
    'x-forwarded-for': MARK,
    'x-forwarded-host': MARK,
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': `/${MARK}`,
    'x-original-url': '/metrics',
    'x-http-method-override': 'DELETE',
    forwarded: `for=${MARK};host=${MARK}`,
    host: MARK,
    'x-request-id': `${MARK}\tinjected`,
    traceparent: MARK,
  };
  const answer = await api.post(SEARCH, {}, headers);
  expect(answer.status).toBe(200);
  expect(JSON.stringify([...answer.headers])).not.toContain(MARK);
  expect(api.log()).not.toContain(MARK);
});

test('an answer of a type that the client does not take is not sent', async () => {
  for (const accept of ['text/html', 'application/xml, text/*;q=0.5', 'application/json;q=0']) {
    expect(await problemOf(await api.post(SEARCH, {}, { accept }))).toMatchObject({
      type: 'urn:login-etl:problem:not-acceptable',
      status: 406,
      field: 'accept',
    });
  }
  for (const accept of ['*/*', 'text/html, APPLICATION/JSON;q=0.1', 'application/*', '']) {
    expect((await api.post(SEARCH, {}, { accept })).status).toBe(200);
  }
});

test('HEAD answers as GET does, without a body', async () => {
  const response = await fetch(`${api.url}/healthz`, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('');
  const search = await fetch(`${api.url}${SEARCH}`, { method: 'HEAD', headers: bearer() });
  expect([search.status, search.headers.get('allow')]).toEqual([405, 'POST']);
  const options = await fetch(`${api.url}${SEARCH}`, { method: 'OPTIONS' });
  expect(await problemOf(options)).toMatchObject({ status: 405 });
});

test('an address that is too long gets a problem', async () => {
  const long = await api.get(`/v1/devices/${'a'.repeat(3_000)}/logins`);
  expect(await problemOf(long)).toMatchObject({
    type: 'urn:login-etl:problem:uri-too-long',
    status: 414,
  });
  expect(await raw(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*urn:login-etl:problem:headers-too-large/s,
  );
});

test('10 MB are refused before they are read', async () => {
  const { authorization } = bearer();
  const head = `POST ${SEARCH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
  const answer = await raw(`${head}Content-Length: 10485760\r\n\r\n{"user":`);
  expect(answer).toMatch(/^HTTP\/1.1 413 .*urn:login-etl:problem:body-too-large/s);
  const chunk = `${(0x10000).toString(16)}\r\n${' '.repeat(0x10000)}\r\n`;
  const chunked = await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}`);
  expect(chunked).toMatch(/^HTTP\/1.1 413 .*urn:login-etl:problem:body-too-large/s);
});

test('a request that is not HTTP gets a problem', async () => {
  expect(await raw(`${MARK}\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 .*urn:login-etl:problem/s);
});

test('a client that sends too slowly gets a problem', async () => {
  const answer = await raw(`POST ${SEARCH} HTTP/1.1\r\nHost: x\r\nAuthorization:`);
  expect(answer).toMatch(/^HTTP\/1.1 408 .*urn:login-etl:problem:timeout/s);
});

test('neither log nor metrics repeat anything of a request but the template of its route', async () => {
  await api.post(SEARCH, { user: MARK });
  await api.get(`/v1/devices/${MARK}/logins?x=${MARK}`);
  await api.get(`/${MARK}`, { 'x-request-id': MARK, 'user-agent': MARK });
  const metrics = await (await api.get('/metrics')).text();
  expect(metrics).toContain('route="/v1/logins/search"');
  expect(metrics).not.toContain(MARK);
  expect(api.log()).toContain('"route":"/v1/logins/search"');
  expect(api.log()).not.toContain(MARK);
});

/** What the server says to bytes on a connection of their own, until it closes it. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

test.each([
  ['__proto__', '{"__proto__": {"user": "x"}}'],
  ['constructor', '{"constructor": {"prototype": {"limit": 1}}}'],
  ['deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['a number without end', '{"limit": 1e400}'],
])('%s in a body is refused', async (_what, body) => {
  expect(await problemOf(await api.post(SEARCH, body))).toMatchObject({ status: 400 });
});

test.each([
  ['a lone surrogate', '{"user": "\\ud800"}'],
  ['the last day', '{"from": "9999-12-31", "to": "9999-12-31"}'],
  ['a very wide window', '{"from": "1000-01-01", "to": "9999-12-31"}'],
])('%s in a body finds nothing', async (_what, body) => {
  const response = await api.post(SEARCH, body);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ data: [] });
});
