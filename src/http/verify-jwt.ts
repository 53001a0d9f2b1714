import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { JwtSettings } from '../config/sections/codec-server-section.ts';
import { Refusal } from './refusal.ts';

/** Asymmetric ones only: with a symmetric one, the public key would be taken for the secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const CLOCK_TOLERANCE_SECONDS = 30;
const JWKS_TIMEOUT_MS = 5_000;

/** What is wrong with the token, and not with the way to the issuer's keys. */
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

/** @returns the token's subject, or undefined when it is not one that counts here */
export type VerifyJwt = (token: string) => Promise<string | undefined>;

/** @throws Refusal when the issuer's keys can't be had */
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
      return payload.sub;
    } catch (error) {
      if (TOKEN_ERRORS.some((kind) => error instanceof kind)) return undefined;
      throw new Refusal(503, "the issuer's keys cannot be had: tokens cannot be checked");
    }
  };
}

/** A list has it as a member; a text is it, or has it as one of its words, as in `scope`. */
function hasClaim(payload: JWTPayload, { name, value }: { name: string; value: string }): boolean {
  const claim = payload[name];
  if (Array.isArray(claim)) return claim.includes(value);
  return claim === value || (typeof claim === 'string' && claim.split(' ').includes(value));
}
