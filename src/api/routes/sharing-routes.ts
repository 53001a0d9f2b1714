import { z } from 'zod';
import { readShared, type SharedPosition } from '../../postgres/reads/read-sharing.ts';
import { summedUpTo } from '../../postgres/reads/sum-up.ts';
import { answerPage, pageOf } from '../answer-page.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { ALL_DAYS, dayField } from '../login-window.ts';
import { asOf, cursorField, HUB, limitParameter, nextField, problems } from './login-fields.ts';
import { requireUnguessable } from './require-unguessable.ts';

const LISTS = [
  { kind: 'devices', summary: 'Devices with several users, the most first' },
  { kind: 'ips', summary: 'Addresses with several devices, the most first' },
] as const;

const query = z.strictObject({
  seen_since: dayField.describe('Only those last seen on this day or later'),
  limit: limitParameter,
  cursor: cursorField,
});

const answer = z.object({
  data: z.array(
    z.object({
      masked: z.string(),
      users: z.int(),
      devices: z.int().optional(),
      logins: z.int(),
      first_day: z.iso.date(),
      last_day: z.iso.date(),
      hub: z.boolean().describe(`Shared by more than ${HUB}`),
    }),
  ),
  as_of: asOf,
  next: nextField,
});

export function addSharingRoutes(app: ApiServer, context: ApiContext): void {
  const { guessableValues } = context.settings;
  for (const { kind, summary } of LISTS) {
    app.get(
      `/v1/sharing/${kind}`,
      {
        config: { scope: 'logins:fraud' },
        schema: {
          summary,
          description: `Scope \`logins:fraud\`. Those of more than ${HUB} are marked as hubs.`,
          querystring: query,
          response: { 200: answer, ...problems },
        },
      },
      (request, reply) => {
        requireUnguessable(context);
        const { limit, seen_since: since } = request.query;
        return answerPage(context, request, reply, {
          route: `sharing/${kind}`,
          query: request.query,
          // Its cursors have a window, as all have.
          window: ALL_DAYS,
          about: () => 'sums',
          async read(client, { after }) {
            const position = after && ([Number(after[0]), after[1]] as unknown as SharedPosition);
            const found = await readShared(
              client,
              kind,
              { since, keyedOnly: !guessableValues },
              { after: position, limit: limit + 1 },
            );
            const { data, last } = pageOf(found, limit, (row) => [
              String(row.shared_by),
              row.value,
            ]);
            const shown = data.map(({ value, shared_by, accounts, ...row }) => ({
              masked: value,
              users: accounts,
              ...(kind === 'ips' && { devices: shared_by }),
              ...row,
              hub: shared_by > HUB,
            }));
            const as_of = (await summedUpTo(client, kind)) ?? null;
            return { body: JSON.stringify({ data: shown, as_of }), last };
          },
        });
      },
    );
  }
}
