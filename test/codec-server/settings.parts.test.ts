import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

const TOKEN = 'x'.repeat(32);
const JWT = {
  CODEC_SERVER_JWT_ISSUER: 'https://issuer.example',
  CODEC_SERVER_JWT_AUDIENCE: 'codec',
  CODEC_SERVER_JWT_JWKS_URL: 'https://issuer.example/jwks',
};
const MARK = 'q7Zx';

const load = (env: Record<string, string>) => loadConfig(['codecServer'], env).codecServer;

/** The settings that are named, in order. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain(MARK);
    return error.problems.map((problem) => problem.split(' ')[0] as string);
  }
  return [];
}

test('a token is enough, JWTs are enough, and both are fine', () => {
  expect(load({ CODEC_SERVER_TOKEN: TOKEN })).toMatchObject({
    listen: { host: '127.0.0.1', port: 8234 },
    token: { name: 'token', secret: TOKEN },
  });
  expect(load({ ...JWT, CODEC_SERVER_JWT_CLAIM: 'groups=a=b' }).jwt).toMatchObject({
    requiredClaim: { name: 'groups', value: 'a=b' },
  });
  expect(load({ ...JWT, CODEC_SERVER_TOKEN: TOKEN })).toHaveProperty('jwt');
});

test('it does not start without either', () => {
  expect(problemsOf({})).toEqual(['CODEC_SERVER_TOKEN']);
});

test.each([
  ['CODEC_SERVER_TOKEN', `${MARK}${'x'.repeat(27)}`],
  ['CODEC_SERVER_TOKEN', `${MARK} ${'x'.repeat(40)}`],
  ['CODEC_SERVER_ADDRESS', MARK],
  ['CODEC_SERVER_ADDRESS', '127.0.0.1:70000'],
  ['CODEC_SERVER_UI_ORIGIN', '*'],
  ['CODEC_SERVER_UI_ORIGIN', `https://${MARK}.example/`],
  ['CODEC_SERVER_UI_ORIGIN', `https://UI.${MARK}.example`],
  ['CODEC_SERVER_BEHIND_TLS_PROXY', 'yes'],
  ['CODEC_SERVER_REQUESTS_PER_MINUTE', '0'],
  ['CODEC_SERVER_JWT_CLAIM', MARK],
])('%s is refused: %s', (name, value) => {
  expect(problemsOf({ CODEC_SERVER_TOKEN: TOKEN, [name]: value })).toEqual([name]);
});

test("an issuer's keys come over TLS, or from this machine", () => {
  const url = (value: string) => problemsOf({ ...JWT, CODEC_SERVER_JWT_JWKS_URL: value });
  expect(url('http://issuer.example/jwks')).toEqual(['CODEC_SERVER_JWT_JWKS_URL']);
  expect(url('http://127.0.0.1:1/jwks')).toEqual([]);
});

test.each(Object.keys(JWT))('the settings of JWTs go together: without %s', (name) => {
  expect(problemsOf({ ...JWT, [name]: '' })).toEqual([name]);
});

test('without TLS it listens on loopback only, unless a TLS proxy is declared', () => {
  const env = { CODEC_SERVER_TOKEN: TOKEN, CODEC_SERVER_ADDRESS: '0.0.0.0:8234' };
  expect(problemsOf(env)).toEqual(['CODEC_SERVER_TLS_CERT']);
  expect(problemsOf({ ...env, CODEC_SERVER_BEHIND_TLS_PROXY: 'true' })).toEqual([]);
  for (const host of ['localhost', '[::1]', '127.0.0.2']) {
    expect(problemsOf({ ...env, CODEC_SERVER_ADDRESS: `${host}:1` })).toEqual([]);
  }
});

describe('certificate and token from files', () => {
  let directory: string;
  let cert: string;
  let key: string;

  beforeAll(async () => {
    directory = await makeTestDirectory('codec-tls');
    [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=127.0.0.1', '-keyout', key, '-out', cert],
    ]);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('are taken', async () => {
    const token = join(directory, 'token');
    await writeFile(token, `${TOKEN}\n`);
    const settings = load({
      CODEC_SERVER_TOKEN_FILE: token,
      CODEC_SERVER_ADDRESS: '0.0.0.0:8234',
      CODEC_SERVER_TLS_CERT_FILE: cert,
      CODEC_SERVER_TLS_KEY_FILE: key,
    });
    expect(settings.token?.secret).toBe(TOKEN);
    expect(settings.tls?.cert).toBe((await readFile(cert, 'utf8')).trim());
  });

  test('go together and fit', () => {
    const env = { CODEC_SERVER_TOKEN: TOKEN, CODEC_SERVER_TLS_CERT_FILE: cert };
    expect(problemsOf(env)).toEqual(['CODEC_SERVER_TLS_KEY']);
    expect(problemsOf({ ...env, CODEC_SERVER_TLS_KEY: MARK })).toEqual(['CODEC_SERVER_TLS_KEY']);
  });
});
