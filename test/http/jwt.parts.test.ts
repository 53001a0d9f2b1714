import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/local/ports/free-port.ts';
import { bearer, startedCodecServer, valuesOf } from '../codec-server/started-codec-server.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'login-etl-codec';
const CLAIM = { name: 'groups', value: 'custodians' };

let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: string;
const issuer = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(jwks);
});

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  const jwk = await exportJWK(keys.publicKey);
  jwks = JSON.stringify({ keys: [{ ...jwk, kid: 'k1', alg: 'ES256', use: 'sig' }] });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
});
afterAll(() => issuer.close());

const jwksUrl = () => new URL(`http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`);

const started = () =>
  startedCodecServer({
    token: undefined,
    jwt: { issuer: ISSUER, audience: AUDIENCE, jwksUrl: jwksUrl(), requiredClaim: CLAIM },
  } as never);

type Claims = { iss?: string; aud?: string; sub?: unknown; exp?: string; groups?: unknown };

async function jwt({ iss = ISSUER, aud = AUDIENCE, exp = '5m', ...rest }: Claims = {}) {
  const claims = { sub: 'ada@example.com', groups: ['staff', 'custodians'], ...rest };
  return new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setIssuer(iss)
    .setAudience(aud)
    .setExpirationTime(exp)
    .sign(keys.privateKey);
}

test("decodes with the issuer's token, and its subject is on record", async () => {
  const server = await started();
  const sealed = await server.seal('shown');
  for (const token of [await jwt(), await jwt({ groups: 'custodians' })]) {
    expect(await valuesOf(await server.decode([sealed], bearer(token)))).toEqual(['shown']);
  }
  expect(await server.records()).toMatchObject([
    { detail: { caller: 'ada@example.com', authenticated_by: 'jwt' } },
    {},
  ]);
});

test.each([
  ['of another issuer', { iss: 'https://other.example' }],
  ['for another audience', { aud: 'temporal' }],
  ['that has expired', { exp: '-5m' }],
  ['without the claim', { groups: ['staff'] }],
  ['with a claim that only looks like it', { groups: 'custodians-not' }],
  ['with the claim among other words', { groups: 'not custodians' }],
  ['with the claim in an array of arrays', { groups: [['custodians']] }],
  ['with the claim as a key of an object', { groups: { custodians: true } }],
  ['without a subject', { sub: undefined }],
  ['with an empty subject', { sub: '' }],
  ['with a blank subject', { sub: ' \t' }],
  ['with a number as its subject', { sub: 0 }],
  ['with an object as its subject', { sub: { name: 'ada' } }],
  ['with an array as its subject', { sub: ['ada'] }],
  ['with a control character in its subject', { sub: 'ada\u{1b}[2J' }],
] as const)('decodes nothing with a token %s', async (_what, claims) => {
  const server = await started();
  const token = await jwt(claims as never);
  expect((await server.decode([await server.seal(1)], bearer(token))).status).toBe(401);
});

test.each([
  ['scope', 'openid custodians', 200],
  ['scope', 'openid not-custodians', 401],
  ['roles', 'openid custodians', 401],
])('only scope is a list of words: %s "%s" gets %i', async (name, value, status) => {
  const server = await startedCodecServer({
    token: undefined,
    jwt: {
      ...{ issuer: ISSUER, audience: AUDIENCE, jwksUrl: jwksUrl() },
      requiredClaim: { name, value: 'custodians' },
    },
  } as never);
  const token = await jwt({ [name]: value } as never);
  expect((await server.decode([], bearer(token))).status).toBe(status);
});

test('decodes nothing with a token of another key, of a symmetric one, or without signature', async () => {
  const server = await started();
  const other = await generateKeyPair('ES256');
  const claims = { sub: 'ada', groups: ['custodians'], iss: ISSUER, aud: AUDIENCE };
  const exp = Math.floor(Date.now() / 1_000) + 300;
  const sign = (alg: string, key: typeof keys.privateKey | Uint8Array) =>
    new SignJWT({ ...claims, exp }).setProtectedHeader({ alg, kid: 'k1' }).sign(key);
  const publicBytes = Buffer.from(JSON.stringify(await exportJWK(keys.publicKey)));
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokens = [
    await sign('ES256', other.privateKey),
    await sign('HS256', publicBytes),
    `${encode({ alg: 'none' })}.${encode({ ...claims, exp })}.`,
  ];
  for (const token of tokens) {
    expect((await server.decode([await server.seal(1)], bearer(token))).status).toBe(401);
  }
});

test("without the issuer's keys nothing is decoded, and the answer is 503 rather than 401", async () => {
  const nowhere = new URL(`http://127.0.0.1:${await freePort()}/jwks`);
  const server = await startedCodecServer({
    token: undefined,
    jwt: { issuer: ISSUER, audience: AUDIENCE, jwksUrl: nowhere },
  } as never);
  expect((await server.decode([], bearer(await jwt()))).status).toBe(503);
});
