import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';

const MARK = 'q7Zx';
const TOKEN = 'x'.repeat(32);
const entry = (changes: object = {}) => ({
  name: 'team',
  scopes: ['logins:read'],
  token: TOKEN,
  ...changes,
});
const tokens = (...entries: object[]) => ({ API_TOKENS: JSON.stringify(entries) });
const JWT = {
  API_JWT_ISSUER: 'https://issuer.example',
  API_JWT_AUDIENCE: 'logins',
  API_JWT_JWKS_URL: 'https://issuer.example/jwks',
};

const load = (env: Record<string, string>) => loadConfig(['api'], env).api;

/** The settings that are named, in order. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain(MARK);
    expect(error.message).not.toContain(TOKEN);
    return error.problems.map((problem) => problem.split(' ')[0] as string);
  }
  return [];
}

test('it starts with tokens or with JWTs, and not without either', () => {
  expect(load(tokens(entry())).tokens).toEqual([
    { name: 'team', scopes: ['logins:read'], secret: TOKEN },
  ]);
  expect(load(JWT)).toMatchObject({ tokens: [], jwt: { audience: 'logins' } });
  expect(problemsOf({})).toEqual(['API_TOKENS']);
  expect(problemsOf({ ...JWT, API_JWT_AUDIENCE: '' })).toEqual(['API_JWT_AUDIENCE']);
});

test.each([
  ['is no JSON', `[${MARK}`],
  ['is no list', JSON.stringify(entry())],
  ['has a short token', JSON.stringify([entry({ token: MARK })])],
  ['has a token with a space', JSON.stringify([entry({ token: `${MARK} ${TOKEN}` })])],
  ['has an unknown scope', JSON.stringify([entry({ scopes: [MARK] })])],
  ['has no scope', JSON.stringify([entry({ scopes: [] })])],
  ['has a name with a control character', JSON.stringify([entry({ name: `${MARK}\u001b[2J` })])],
  ['has another field', JSON.stringify([entry({ [MARK]: 1 })])],
  ['has one token twice', JSON.stringify([entry(), entry({ name: 'other' })])],
  ['has one name twice', JSON.stringify([entry(), entry({ token: 'y'.repeat(32) })])],
])('API_TOKENS that %s is refused', (_what, value) => {
  expect(problemsOf({ API_TOKENS: value })).toEqual(['API_TOKENS']);
});

test('without TLS it listens on loopback only, unless a TLS proxy is declared', () => {
  const env = { ...tokens(entry()), API_ADDRESS: '0.0.0.0:8235' };
  expect(problemsOf(env)).toEqual(['API_TLS_CERT']);
  expect(problemsOf({ ...env, API_BEHIND_TLS_PROXY: 'true' })).toEqual([]);
  expect(problemsOf({ ...env, API_ADDRESS: '[::1]:8235' })).toEqual([]);
});

test('groups of one person are never shown', () => {
  expect(problemsOf({ ...tokens(entry()), API_SMALLEST_GROUP: '1' })).toEqual([
    'API_SMALLEST_GROUP',
  ]);
});
