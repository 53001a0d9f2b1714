import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

const ISSUER = 'https://issuer.example';

type Claims = { iss?: string; aud?: string; exp?: string } & Record<string, unknown>;

export type JwtIssuer = {
  settings: { issuer: string; audience: string; jwksUrl: URL };
  /** A token for this audience that is valid for five minutes, but for the given claims. */
  jwt(claims?: Claims): Promise<string>;
  stop(): void;
};

/** Starts an issuer that publishes its keys as OpenID Connect requires. */
export async function startJwtIssuer(audience: string): Promise<JwtIssuer> {
  const keys = await generateKeyPair('ES256');
  const jwk = await exportJWK(keys.publicKey);
  const jwks = JSON.stringify({ keys: [{ ...jwk, kid: 'k1', alg: 'ES256', use: 'sig' }] });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(jwks);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { issuer: ISSUER, audience, jwksUrl: new URL(`http://127.0.0.1:${port}/jwks`) },
    jwt: ({ iss = ISSUER, aud = audience, exp = '5m', ...rest } = {}) =>
      new SignJWT({ sub: 'ada@example.com', ...rest } as JWTPayload)
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(iss)
        .setAudience(aud)
        .setExpirationTime(exp)
        .sign(keys.privateKey),
    stop: () => void server.close(),
  };
}
