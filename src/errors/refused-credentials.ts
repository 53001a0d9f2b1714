/** The names under which services of AWS refuse a key, its secret, a token or a role, or the SDK has none to give. */
const AWS_NAMES: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidToken',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);

/** invalid_authorization_specification and its members, such as a wrong password. */
const SQLSTATE = /^28[0-9A-Z]{3}$/;

/** PERMISSION_DENIED and UNAUTHENTICATED. */
const GRPC_STATUS: ReadonlySet<number> = new Set([7, 16]);

/** Whether a server refuses who is asking. By code: the texts of other people's errors change. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (AWS_NAMES.has(error.name)) return true;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return SQLSTATE.test(code);
  return typeof code === 'number' && GRPC_STATUS.has(code);
}
