import { authenticator } from '../http/authenticate.ts';
import { boundedAuthenticator } from '../http/bounded-authenticator.ts';
import { limitConnections } from '../http/limit-connections.ts';
import type { TokenBuckets } from '../http/token-buckets.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';
import type { ApiServer } from './api-server.ts';

export const MAX_URL_LENGTH = 2_048;
const REALM = 'login-etl';

/** Each route says what its caller needs. The caller is known before the body is read. */
export function addAccessHooks(
  app: ApiServer,
  { settings }: ApiContext,
  quota: TokenBuckets,
): void {
  const known = limitConnections(app.server, settings);
  const identify = boundedAuthenticator(
    authenticator({ tokens: settings.tokens, jwt: settings.jwt, realm: REALM }),
    quota,
  );
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.scope === undefined) throw new Error(`the route ${url} says no scope`);
  });
  app.addHook('onRequest', async (request) => {
    if ((request.raw.url ?? '').length > MAX_URL_LENGTH) throw new ApiProblem('uri-too-long');
    const { scope } = request.routeOptions.config;
    // Undefined where there is no such route.
    if (scope === undefined || scope === 'open') return;
    const caller = await identify(request.raw);
    known(request.raw);
    request.caller = caller;
    if (caller.scopes.has(scope)) return;
    throw new ApiProblem('insufficient-scope', {
      detail: `the token lacks the scope ${scope}`,
      headers: {
        'www-authenticate': `Bearer realm="${REALM}", error="insufficient_scope", scope="${scope}"`,
      },
    });
  });
}
