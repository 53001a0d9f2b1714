import { z } from 'zod';
import { type Dimension, readDays, readDistinct } from '../../postgres/reads/read-days.ts';
import { summedUpTo } from '../../postgres/reads/sum-up.ts';
import { answerPage } from '../answer-page.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { windowFields } from '../login-window.ts';
import { roundedDown, withholdSmall } from '../stats/withhold-small.ts';
import { asOf, nextField, problems, windowSchema } from './login-fields.ts';

const GROUPED_BY = ['device_type', 'app_version', 'locale'] as const satisfies Dimension[];

const daysQuery = z.strictObject({ ...windowFields, by: z.enum(GROUPED_BY).optional() });

const group = z.object({ value: z.string().nullable(), logins: z.int(), users: z.int() });
const daysAnswer = z.object({
  data: z.array(
    z.object({
      day: z.iso.date(),
      logins: z.int().optional(),
      users: z.int().optional(),
      groups: z.array(group).optional(),
      withheld: z.boolean().describe('Something is left out, since too few users are behind it'),
    }),
  ),
  window: windowSchema,
  smallest_group: z.int(),
  as_of: asOf,
  next: nextField,
});

const distinct = z.object({ value: z.int(), exact: z.boolean() });
const distinctAnswer = z.object({
  data: z.object({
    users: distinct.nullable(),
    devices: distinct.nullable(),
    ips: distinct.nullable(),
  }),
  window: windowSchema,
  smallest_group: z.int(),
  as_of: asOf,
  next: nextField,
});

const SCOPE = { config: { scope: 'logins:stats' } } as const;

export function addStatsRoutes(app: ApiServer, context: ApiContext): void {
  const { smallestGroup } = context.settings;

  app.get(
    '/v1/stats/days',
    {
      ...SCOPE,
      schema: {
        summary: 'Logins and users per day',
        description:
          'Scope `logins:stats`. With `by`, also by value. Groups of fewer than API_SMALLEST_GROUP users are left out.',
        querystring: daysQuery,
        response: { 200: daysAnswer, ...problems },
      },
    },
    (request, reply) =>
      answerPage(context, request, reply, {
        route: 'stats/days',
        query: request.query,
        about: () => 'sums',
        async read(client, { window }) {
          const { by } = request.query;
          const totals = await readDays(client, window, 'all');
          const groups = by && (await readDays(client, window, by));
          const data = withholdSmall(totals, groups, smallestGroup);
          const as_of = (await summedUpTo(client, 'days')) ?? null;
          return { body: JSON.stringify({ data, window, smallest_group: smallestGroup, as_of }) };
        },
      }),
  );

  app.get(
    '/v1/stats/distinct',
    {
      ...SCOPE,
      schema: {
        summary: 'Distinct users, devices and addresses',
        description:
          'Scope `logins:stats`. Rounded down to a multiple of API_SMALLEST_GROUP; where `exact` is false, with a standard error of 3.1 %.',
        querystring: z.strictObject(windowFields),
        response: { 200: distinctAnswer, ...problems },
      },
    },
    (request, reply) =>
      answerPage(context, request, reply, {
        route: 'stats/distinct',
        query: request.query,
        about: () => 'sums',
        async read(client, { window }) {
          const counts = await readDistinct(client, window);
          const few = counts.users.value < smallestGroup;
          const data = Object.fromEntries(
            Object.entries(counts).map(([kind, { value, exact }]) => [
              kind,
              few ? null : { value: roundedDown(value, smallestGroup), exact },
            ]),
          );
          const as_of = (await summedUpTo(client, 'days')) ?? null;
          return { body: JSON.stringify({ data, window, smallest_group: smallestGroup, as_of }) };
        },
      }),
  );
}
