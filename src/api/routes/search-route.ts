import { z } from 'zod';
import { countLogins, type Position, searchLogins } from '../../postgres/reads/search-logins.ts';
import type { ApiContext } from '../api-context.ts';
import { type ApiServer, callerOf } from '../api-server.ts';
import { windowFields, windowOf } from '../login-window.ts';
import { sendData } from '../send-data.ts';
import {
  cursorField,
  limitField,
  loginSchema,
  maskedValue,
  nextField,
  problems,
  textOf,
  windowSchema,
} from './login-fields.ts';

const body = z.strictObject({
  user: textOf(128).optional(),
  masked_device: maskedValue.optional(),
  masked_ip: maskedValue.optional(),
  device_type: textOf(32).optional(),
  app_version: textOf(32).optional(),
  locale: textOf(32).optional(),
  ...windowFields,
  count: z.boolean().default(false).describe('Also count the rows, exactly up to 10,000'),
  limit: limitField,
  cursor: cursorField,
});

const answer = z.object({
  data: z.array(loginSchema),
  window: windowSchema,
  count: z
    .object({ value: z.number().int(), at_least: z.boolean() })
    .optional()
    .describe('With `at_least`, there are more than `value`'),
  next: nextField,
});

export function addSearchRoute(app: ApiServer, { pool, cursors, settings }: ApiContext): void {
  app.post(
    '/v1/logins/search',
    {
      config: { scope: 'logins:read' },
      schema: {
        summary: 'Rows by any combination of values, newest first',
        description: 'Scope `logins:read`.',
        body,
        response: { 200: answer, ...problems },
      },
    },
    async (request, reply) => {
      const { limit, cursor, count: counted, ...query } = request.body;
      const of = { route: 'search', query: request.body, caller: callerOf(request) };
      const [from, to, ...after] = cursor ? cursors.open(cursor, of) : [];
      const window = from && to ? { from, to } : windowOf(query);
      const { masked_device, masked_ip, device_type, app_version, ...same } = query;
      const filter = {
        ...same,
        ...window,
        maskedDevice: masked_device,
        maskedIp: masked_ip,
        keyedOnly: !settings.guessableValues && Boolean(masked_device ?? masked_ip),
        deviceType: device_type,
        appVersion: app_version,
      };
      const rows = await searchLogins(pool, filter, {
        after: after.length > 0 ? (after as unknown as Position) : undefined,
        limit: limit + 1,
      });
      const data = rows.slice(0, limit);
      const last = rows.length > limit ? data.at(-1) : undefined;
      const count = counted ? await countLogins(pool, filter) : undefined;
      return sendData(request, reply, {
        body: JSON.stringify({ data, window, count }),
        next: last
          ? cursors.seal([window.from, window.to, last.create_date, last.message_id], of)
          : null,
      });
    },
  );
}
