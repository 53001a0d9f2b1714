import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { openAesGcm, sealAesGcm } from '../../crypto/aes-gcm.ts';
import type { Caller } from '../../http/authenticate.ts';
import { bucketOf } from '../../http/bounded-authenticator.ts';
import { beginExport, findExport } from '../../postgres/audit/record-api-use.ts';
import type { LoginFilter } from '../../postgres/reads/login-filter.ts';
import { ApiProblem } from '../api-problem.ts';

export const EXPORT_FORMATS = ['csv', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

type ExportQuery = {
  filter: LoginFilter;
  format: ExportFormat;
  rows: number;
  reason: string;
};

export type KnownExport = ExportQuery & { id: string; createdAt: Date };

type Asked = ExportQuery & { caller: Caller; idempotencyKey: string | undefined };

/** Exports of the service, which the database keeps for a day, sealed with the service's secret. */
export function exportStore(pool: Pool, key: KeyObject) {
  const contextOf = (caller: string) => `api-export/1 ${caller}`;

  async function find(id: string, caller: string): Promise<KnownExport | undefined> {
    const found = await findExport(pool, { id, caller });
    if (!found) return undefined;
    try {
      const opened = openAesGcm(found.sealedQuery, key, contextOf(caller)).toString('utf8');
      return { ...(JSON.parse(opened) as ExportQuery), id, createdAt: found.createdAt };
    } catch {
      // The service has another secret since.
      return undefined;
    }
  }

  return {
    find: (id: string, caller: Caller) => find(id, bucketOf(caller)),
    /** @throws ApiProblem for a key that the caller used for another export */
    async begin({ caller, idempotencyKey, ...query }: Asked): Promise<KnownExport> {
      const name = bucketOf(caller);
      const { rows: _rows, ...request } = query;
      const begun = await beginExport(pool, {
        caller: name,
        idempotencyKey: idempotencyKey === undefined ? randomBytes(32) : sha256(idempotencyKey),
        request: sha256(JSON.stringify(request)),
        sealedQuery: sealAesGcm(JSON.stringify(query), {
          key,
          context: contextOf(name),
        }),
        reason: query.reason,
        detail: {
          caller: caller.name,
          authenticated_by: caller.by,
          format: query.format,
          rows: query.rows,
          from: query.filter.from,
          to: query.filter.to,
          by: Object.keys(query.filter).filter((field) => !['from', 'to'].includes(field)),
        },
      });
      if (begun.isNew) return { ...query, id: begun.id, createdAt: begun.createdAt };
      const known = begun.sameRequest ? await find(begun.id, name) : undefined;
      if (known) return known;
      throw new ApiProblem('idempotency-conflict', {
        errors: [{ field: 'idempotency-key', detail: 'was used for another export' }],
      });
    },
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
