import { authenticator } from '../http/authenticate.ts';
import { boundedAuthenticator } from '../http/bounded-authenticator.ts';
import { limitConnections } from '../http/limit-connections.ts';
import type { TokenBuckets } from '../http/token-buckets.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';
import type { ApiServer } from './api-server.ts';

export const MAX_URL_LENGTH = 2_048;
const REALM = 'login-etl';
const JSON_ONLY = ['application/json'];

/** Each route says what its caller needs. The caller is known before the body is read. */
export function addAccessHooks(
  app: ApiServer,
  { settings, tokens }: ApiContext,
  quota: TokenBuckets,
): void {
  const known = limitConnections(app.server, settings);
  const identify = boundedAuthenticator(
    authenticator({ tokens, jwt: settings.jwt, realm: REALM }),
    quota,
  );
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.scope === undefined) throw new Error(`the route ${url} says no scope`);
  });
  app.addHook('onRequest', async (request) => {
    if ((request.raw.url ?? '').length > MAX_URL_LENGTH) throw new ApiProblem('uri-too-long');
    const { scope, types = JSON_ONLY } = request.routeOptions.config;
    // Undefined where there is no such route.
    if (scope === undefined || scope === 'open') return;
    const caller = await identify(request.raw);
    known(request.raw);
    request.caller = caller;
    if (!caller.scopes.has(scope)) {
      throw new ApiProblem('insufficient-scope', {
        detail: `the token lacks the scope ${scope}`,
        headers: {
          'www-authenticate': `Bearer realm="${REALM}", error="insufficient_scope", scope="${scope}"`,
        },
      });
    }
    if (acceptsOneOf(request.headers.accept, types)) return;
    const detail = `the answer is ${types.join(' or ')}`;
    throw new ApiProblem('not-acceptable', { detail, errors: [{ field: 'accept', detail }] });
  });
}

/** Whether a client that sent this Accept header takes one of the types (RFC 9110). */
function acceptsOneOf(accept: string | undefined, types: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((each) => {
    const [range = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return types.some((type) => [type, `${type.split('/')[0]}/*`, '*/*', '*'].includes(range));
  });
}
