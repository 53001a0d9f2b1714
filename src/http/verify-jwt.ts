import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { JwtSettings } from '../config/http-server-settings.ts';
import { Refusal } from './refusal.ts';

/** Asymmetric only: with a symmetric algorithm, anyone could sign with the public key. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const CLOCK_TOLERANCE_SECONDS = 30;
const JWKS_TIMEOUT_MS = 5_000;

/** Errors of the token itself, not of fetching the issuer's keys. */
const TOKEN_ERRORS = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

type Claims = { subject: string; scopes: string[] };

/** @returns undefined when the token is not accepted */
type VerifyJwt = (token: string) => Promise<Claims | undefined>;

/** @throws Refusal when the issuer's keys cannot be fetched */
export function jwtVerifier({ issuer, audience, jwksUrl, requiredClaim }: JwtSettings): VerifyJwt {
  const keys = createRemoteJWKSet(jwksUrl, { timeoutDuration: JWKS_TIMEOUT_MS });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      if (requiredClaim && !hasClaim(payload, requiredClaim)) return undefined;
      return isSubject(payload.sub)
        ? { subject: payload.sub, scopes: scopesOf(payload) }
        : undefined;
    } catch (error) {
      if (TOKEN_ERRORS.some((kind) => error instanceof kind)) return undefined;
      throw new Refusal(503, "the issuer's keys cannot be fetched, so tokens cannot be checked");
    }
  };
}

/** The audit record names the caller by it. `jose` only checks that there is one, of any type. */
const isSubject = (sub: unknown): sub is string =>
  typeof sub === 'string' && /\S/.test(sub) && sub.length <= 255 && !/\p{C}/u.test(sub);

/** `scope` is a list of words (RFC 8693); others issue an array, or `scp`. */
const scopesOf = ({ scope, scp }: JWTPayload): string[] =>
  [scope, scp].flatMap((claim) =>
    Array.isArray(claim)
      ? claim.filter((word) => typeof word === 'string')
      : typeof claim === 'string'
        ? claim.split(' ')
        : [],
  );

/** An array has the value as an element; a string equals it. Only `scope` is a list of words (RFC 8693). */
function hasClaim(payload: JWTPayload, { name, value }: { name: string; value: string }): boolean {
  const claim = payload[name];
  if (Array.isArray(claim)) return claim.includes(value);
  if (name === 'scope' && typeof claim === 'string') return claim.split(' ').includes(value);
  return claim === value;
}
