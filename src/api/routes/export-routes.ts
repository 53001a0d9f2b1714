import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DAY_MS } from '../../domain/tables/days.ts';
import { recordDownload } from '../../postgres/audit/record-api-use.ts';
import { countToExport } from '../../postgres/reads/count-to-export.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import { type ApiServer, callerOf } from '../api-server.ts';
import { EXPORT_FORMATS, exportStore, type KnownExport } from '../exports/export-store.ts';
import { streamExport } from '../exports/stream-export.ts';
import { windowFields, windowOf } from '../login-window.ts';
import { sendPrivate, sent } from '../send-data.ts';
import { filterFields, filterOf, problems, reasonField } from './login-fields.ts';

/** At once in one process, so that exports leave connections to other routes. */
const MAX_DOWNLOADS = 2;

const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const;

const FILE_TYPES = ['text/csv', 'application/vnd.apache.parquet', 'application/octet-stream'];

const body = z.strictObject({
  format: z.enum(EXPORT_FORMATS).default('csv'),
  reason: reasonField,
  ...filterFields,
  ...windowFields,
});

const headers = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters without spaces')
    .optional()
    .describe('A repeated request with the same key gets the same export'),
});

const answer = z.object({
  data: z.object({
    id: z.uuid(),
    url: z.string(),
    format: z.enum(EXPORT_FORMATS),
    rows: z.int(),
    expires_at: z.iso.datetime(),
  }),
});

const SCOPE = { config: { scope: 'logins:export' } } as const;

export function addExportRoutes(app: ApiServer, context: ApiContext): void {
  const { pool, settings, exportKey } = context;
  const exports = exportStore(pool, exportKey);
  let downloads = 0;

  app.post(
    '/v1/exports',
    {
      ...SCOPE,
      schema: {
        summary: 'Begin an export of rows, on the record',
        description:
          'Scope `logins:export`. The rows are those stored now. The export is available for a day.',
        headers,
        body,
        response: { 201: answer, ...problems },
      },
    },
    async (request, reply) => {
      const { format, reason, ...query } = request.body;
      const window = windowOf(query);
      const filter = { ...filterOf(query, settings), ...window };
      const rows = await countToExport(pool, filter, settings.exportMaxRows);
      if (rows > settings.exportMaxRows) {
        throw new ApiProblem('too-many-rows', {
          detail: `more than ${settings.exportMaxRows} rows: choose fewer days`,
          errors: [{ field: 'from', detail: 'the range has too many rows' }],
        });
      }
      const known = await exports.begin({
        filter,
        format,
        rows,
        reason,
        caller: callerOf(request),
        idempotencyKey: request.headers['idempotency-key'] as string | undefined,
      });
      const url = `/v1/exports/${known.id}`;
      void reply.code(201).header('location', url);
      return sendPrivate(reply, JSON.stringify({ data: describe(known, url) }));
    },
  );

  app.get(
    '/v1/exports/:id',
    {
      config: { ...SCOPE.config, types: FILE_TYPES },
      schema: {
        summary: 'The file of an export, on the record',
        description: 'Scope `logins:export`. CSV or Parquet, as the export says.',
        params: z.strictObject({ id: z.uuid() }),
        response: {
          200: {
            description: 'The file',
            content: Object.fromEntries(
              Object.values(CONTENT_TYPES).map((type) => [type, { schema: z.string() }]),
            ),
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const known = await exports.find(request.params.id, caller);
      if (!known) {
        throw new ApiProblem('not-found', {
          detail: 'this caller has no such export, or it is older than a day',
        });
      }
      const { id, format, reason } = known;
      void reply
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="logins-${id}.${format}"`)
        .type(CONTENT_TYPES[format]);
      // A stream, so that no length is made up. HEAD reads no rows, so it is not on the record.
      if (request.method === 'HEAD') return sent((reply as FastifyReply).send(Readable.from([])));
      if (downloads >= MAX_DOWNLOADS) {
        throw new ApiProblem('too-many-requests', {
          detail: 'other exports are under way',
          headers: { 'retry-after': '10' },
        });
      }
      downloads += 1;
      const done = () => {
        downloads -= 1;
      };
      try {
        await recordDownload(pool, {
          reason,
          detail: { caller: caller.name, authenticated_by: caller.by, id, downloaded: true },
        });
        const file = Readable.from(
          streamExport(pool, known, {
            maxRows: settings.exportMaxRows,
            guessable: settings.guessableValues,
          }),
        );
        file.once('close', done);
        return sent((reply as FastifyReply).send(file));
      } catch (error) {
        done();
        throw error;
      }
    },
  );
}

const describe = ({ id, format, rows, createdAt }: KnownExport, url: string) => ({
  id,
  url,
  format,
  rows,
  expires_at: new Date(createdAt.getTime() + DAY_MS).toISOString(),
});
