import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PoolClient } from 'pg';
import type { ApiContext } from './api-context.ts';
import { callerOf } from './api-server.ts';
import type { Answer, Question } from './cache/answer-cache.ts';
import { type Window, windowOf } from './login-window.ts';
import { type Sent, sendData } from './send-data.ts';

type Paged = { from?: string | undefined; to?: string | undefined; cursor?: string | undefined };

type PageQuestion<Query> = {
  /** Names the route in cursors and in the cache. */
  route: string;
  query: Query & Paged;
  /** In place of the one that the query asks for. */
  window?: Window;
  about(window: Window): Question['about'];
  /** It is read by one statement. */
  once?: boolean;
  read(
    client: PoolClient,
    page: { window: Window; after: readonly string[] | undefined },
  ): Promise<Answer>;
};

/** Answers with one page, from where its cursor says; later pages keep the window of the first one. */
export async function answerPage<Query extends object>(
  { answers, cursors, settings: { smallestGroup, guessableValues } }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { route, query, window: given, about, once = false, read }: PageQuestion<Query>,
): Promise<Sent> {
  const of = { route, query, caller: callerOf(request) };
  const [from, to, ...after] = query.cursor ? cursors.open(query.cursor, of) : [];
  const window = given ?? (from && to ? { from, to } : windowOf(query));
  const { cursor: _cursor, ...asked } = query;
  const page = { window, after: after.length > 0 ? after : undefined };
  // Another process may have other settings, and so another answer to the same query.
  const view = { smallestGroup, guessableValues };
  const {
    body,
    last,
    from: source,
  } = await answers.answer(
    { route, view, query: { ...asked, ...window, after: page.after }, about: about(window), once },
    async (client) => {
      const { body: json, last: end } = await read(client, page);
      return { body: end ? json : `${json.slice(0, -1)},"next":null}`, last: end };
    },
  );
  return sendData(request, reply, {
    body,
    source,
    next: last && cursors.seal([window.from, window.to, ...last], of),
  });
}

/** @param found one more row than the page has, if there is one */
export function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  positionOf: (row: Row) => readonly string[],
): { data: readonly Row[]; last: readonly string[] | undefined } {
  const data = found.slice(0, limit);
  const last = found.length > limit ? data.at(-1) : undefined;
  return { data, last: last && positionOf(last) };
}
