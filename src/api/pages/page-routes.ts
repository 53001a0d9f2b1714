import type { FastifyReply, FastifyRequest } from 'fastify';
import { tooMany } from '../../http/bounded-authenticator.ts';
import { refuseOtherPages } from '../../http/refuse-other-pages.ts';
import type { Html } from '../../http/safe-html.ts';
import { FAILURES_PER_MINUTE, TokenBuckets } from '../../http/token-buckets.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { PAGE_HEADERS, page, signInPage } from './page-layout.ts';
import type { Ask, Asked, Fields } from './page-parts.ts';
import { pageSessions } from './page-session.ts';
import { overview, searchPage, sharedValue, sharingLists, userPage } from './pages.ts';

const MAX_FORM_BYTES = 8_192;
const OPEN = { config: { scope: 'open' }, schema: { hide: true } } as const;

/** Pages over the routes: they show what the routes answer to the user's token, and nothing else. */
export function addPages(app: ApiServer, context: ApiContext): void {
  const sessions = pageSessions(context);
  const failures = new TokenBuckets(FAILURES_PER_MINUTE);

  const asking =
    (bearer: string): Ask =>
    async (path, body) => {
      const answer = await app.inject({
        url: path,
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${bearer}` },
        ...(body && { payload: body }),
      });
      const json = answer.json<Asked & { detail?: string }>();
      return answer.statusCode < 300 ? json : { problem: json.detail ?? 'it failed' };
    };

  const show = (reply: FastifyReply, text: string, status = 200) =>
    reply.code(status).headers(PAGE_HEADERS).send(text);

  /** A page for whoever is signed in; others are sent to sign in. */
  const shown =
    (title: string, content: (ask: Ask, fields: Fields, masked: string) => Promise<Html>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.method === 'POST') refuseOtherPages(request.raw);
      const bearer = await sessions.bearerOf(request);
      if (bearer === undefined) return reply.code(303).header('location', '/sign-in').send();
      // An address has no personal value, so no page takes one from there.
      const { cursor } = request.query as Fields;
      const fields = request.method === 'POST' ? request.body : cursor && { cursor };
      const { masked = '' } = request.params as { masked?: string };
      return show(
        reply,
        page(title, await content(asking(bearer), (fields || {}) as Fields, masked)),
      );
    };

  void app.register(async (pages) => {
    pages.removeContentTypeParser('application/json');
    pages.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => {
        const given = [...new URLSearchParams(String(body))].filter(([, value]) => value.trim());
        done(null, Object.fromEntries(given));
      },
    );
    pages.get('/', OPEN, shown('Overview', overview));
    pages.get('/search', OPEN, shown('Search', searchPage));
    pages.post('/search', OPEN, shown('Search', searchPage));
    pages.post('/user', OPEN, shown('User', userPage));
    pages.get('/devices/:masked', OPEN, shown('Device', sharedValue('devices')));
    pages.get('/ips/:masked', OPEN, shown('Address', sharedValue('ips')));
    pages.get('/sharing', OPEN, shown('Sharing', sharingLists));

    pages.get('/sign-in', OPEN, (_request, reply) => void show(reply, signInPage()));
    pages.post('/sign-in', OPEN, async (request, reply) => {
      refuseOtherPages(request.raw);
      const { token: typed = '' } = (request.body ?? {}) as Fields;
      const cookie = await sessions.begin(typed.trim());
      if (cookie !== undefined) {
        return reply.code(303).headers({ location: '/', 'set-cookie': cookie }).send();
      }
      const from = request.socket.remoteAddress ?? '';
      if (!failures.take(from)) throw tooMany(failures, from);
      return show(reply, signInPage({ refused: true }), 401);
    });
    pages.post('/sign-out', OPEN, async (request, reply) => {
      refuseOtherPages(request.raw);
      const headers = { location: '/sign-in', 'set-cookie': sessions.ended };
      return reply.code(303).headers(headers).send();
    });
  });
}
