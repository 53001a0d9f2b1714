import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountsOn } from '../../postgres/reads/accounts-on.ts';
import { countLogins, type Position, searchLogins } from '../../postgres/reads/search-logins.ts';
import { answerPage, pageOf } from '../answer-page.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { windowFields } from '../login-window.ts';
import {
  countSchema,
  cursorField,
  filterFields,
  filterOf,
  HUB,
  limitField,
  limitParameter,
  loginSchema,
  maskedValue,
  nextField,
  problems,
  windowSchema,
} from './login-fields.ts';
import { requireUnguessable } from './require-unguessable.ts';

const searchBody = z.strictObject({
  ...filterFields,
  ...windowFields,
  count: z.boolean().default(false).describe('Also count the rows, exactly up to 10,000'),
  limit: limitField,
  cursor: cursorField,
});

const loginsAnswer = z.object({
  data: z.array(loginSchema),
  window: windowSchema,
  count: countSchema.optional(),
  next: nextField,
});

const ofMasked = z.strictObject({ masked: maskedValue });
const loginsQuery = z.strictObject({
  ...windowFields,
  limit: limitParameter,
  cursor: cursorField,
});
const accountsQuery = z.strictObject({ ...windowFields, limit: limitParameter });

const accountsAnswer = z.object({
  data: z.array(
    z.object({
      user_id: z.string(),
      logins: z.number(),
      first_day: z.iso.date(),
      last_day: z.iso.date(),
    }),
  ),
  window: windowSchema,
  accounts: countSchema,
  hub: z.boolean().describe(`More than ${HUB} accounts`),
  next: nextField,
});

/** Where the masked values of a column have their routes. */
const MASKED = [
  { path: 'devices', name: 'device', filter: 'masked_device' },
  { path: 'ips', name: 'ip', filter: 'masked_ip' },
] as const;

const SCOPE = { config: { scope: 'logins:read' } } as const;
const NEEDS = 'Scope `logins:read`.';
const KEYED_ONLY =
  'Rows that were masked without a key are left out, unless API_GUESSABLE_VALUES=true.';

export function addReadRoutes(app: ApiServer, context: ApiContext): void {
  /** Rows of a filter, page by page. */
  const answerLogins = (
    request: FastifyRequest,
    reply: FastifyReply,
    {
      route,
      filter,
      query,
    }: {
      route: string;
      filter: ReturnType<typeof filterOf>;
      query: { limit: number; count?: boolean; cursor?: string | undefined };
    },
  ) => {
    if (filter.maskedDevice ?? filter.maskedIp) requireUnguessable(context);
    return answerPage(context, request, reply, {
      route,
      query: { ...query, filter },
      about: (window) => ({ ...filter, ...window }),
      once: !query.count,
      async read(client, { window, after }) {
        const { limit, count: counted } = query;
        const all = { ...filter, ...window };
        const found = await searchLogins(client, all, {
          after: after as Position | undefined,
          limit: limit + 1,
          guessable: context.settings.guessableValues,
        });
        const { data, last } = pageOf(found, limit, (row) => [row.create_date, row.message_id]);
        const count = counted ? await countLogins(client, all) : undefined;
        return { body: JSON.stringify({ data, window, count }), last };
      },
    });
  };

  app.post(
    '/v1/logins/search',
    {
      ...SCOPE,
      schema: {
        summary: 'Rows by any combination of values, newest first',
        description: `${NEEDS} By masked value: ${KEYED_ONLY}`,
        body: searchBody,
        response: { 200: loginsAnswer, ...problems },
      },
    },
    (request, reply) => {
      const { count, limit, cursor, from, to, ...asked } = request.body;
      const query = { count, limit, cursor, from, to };
      const filter = filterOf(asked, context.settings);
      return answerLogins(request, reply, { route: 'search', filter, query });
    },
  );

  for (const { path, name, filter: field } of MASKED) {
    app.get(
      `/v1/${path}/:masked/logins`,
      {
        ...SCOPE,
        schema: {
          summary: `The rows of a ${name}, newest first`,
          description: `${NEEDS} ${KEYED_ONLY}`,
          params: ofMasked,
          querystring: loginsQuery,
          response: { 200: loginsAnswer, ...problems },
        },
      },
      (request, reply) =>
        answerLogins(request, reply, {
          route: `${path}/logins`,
          filter: filterOf({ [field]: request.params.masked }, context.settings),
          query: request.query,
        }),
    );
    app.get(
      `/v1/${path}/:masked/accounts`,
      {
        ...SCOPE,
        schema: {
          summary: `The users seen on a ${name}, with the most logins first`,
          description: `${NEEDS} ${KEYED_ONLY} The first \`limit\` of them; there are no further pages.`,
          params: ofMasked,
          querystring: accountsQuery,
          response: { 200: accountsAnswer, ...problems },
        },
      },
      (request, reply) => {
        requireUnguessable(context);
        const filter = filterOf({ [field]: request.params.masked }, context.settings);
        const { limit } = request.query;
        return answerPage(context, request, reply, {
          route: `${path}/accounts`,
          query: { ...request.query, filter },
          about: (window) => ({ ...filter, ...window }),
          once: true,
          async read(client, { window }) {
            const all = { ...filter, ...window };
            const { accounts, total, atLeast } = await accountsOn(client, all, limit);
            return {
              body: JSON.stringify({
                data: accounts,
                window,
                accounts: { value: total, at_least: atLeast },
                hub: total > HUB,
              }),
            };
          },
        });
      },
    );
  }
}
