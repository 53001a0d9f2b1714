import { createHash } from 'node:crypto';
import { z } from 'zod';
import { maskersById } from '../../crypto/keys/masker.ts';
import { MASKED_FIELDS } from '../../domain/login/login-columns.ts';
import { parseField } from '../../domain/login/login-event.ts';
import { IDS_WITHOUT_KEY } from '../../domain/login/masking.ts';
import { bucketOf, tooMany } from '../../http/bounded-authenticator.ts';
import { TokenBuckets } from '../../http/token-buckets.ts';
import { recordLookup } from '../../postgres/audit/record-api-use.ts';
import { maskKeysInUse } from '../../postgres/reads/mask-keys-in-use.ts';
import { countLogins } from '../../postgres/reads/search-logins.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, wrongField } from '../api-problem.ts';
import { type ApiServer, callerOf } from '../api-server.ts';
import { ALL_DAYS } from '../login-window.ts';
import { sendPrivate } from '../send-data.ts';
import { countSchema, problems, reasonField } from './login-fields.ts';

const body = z.strictObject({
  field: z.enum(MASKED_FIELDS as ['ip', 'device_id']),
  value: z.string().min(1).max(256).describe('The plain value. It is not stored or logged'),
  reason: reasonField,
});

const answer = z.object({
  data: z.object({
    field: z.enum(MASKED_FIELDS as ['ip', 'device_id']),
    searched: z.array(
      z.object({ mask_key_id: z.string(), masked: z.string(), logins: countSchema }),
    ),
    not_searched: z
      .array(z.string())
      .describe('Keys of rows that this instance does not hold: the value may be in them'),
  }),
});

const FILTERS = { ip: 'maskedIp', device_id: 'maskedDevice' } as const;
const SECONDS_PER_DAY = 86_400;

export function addLookupRoutes(app: ApiServer, { pool, settings, masking }: ApiContext): void {
  const { guessableValues, lookupsPerMinute, lookupValuesPerDay } = settings;
  const keys = masking?.keys;
  const asked = new TokenBuckets(lookupsPerMinute);

  app.post(
    '/v1/lookups',
    {
      config: { scope: 'logins:lookup' },
      schema: {
        summary: 'The masked values of a plain one, on the record',
        description:
          'Scope `logins:lookup`. Masks the value with every key version in use. It tells whether the value was seen. Only where masking keys are configured; the number of lookups a minute, and of different values a day, is limited.',
        body,
        response: { 200: answer, ...problems },
      },
    },
    async (request, reply) => {
      if (!keys) {
        throw new ApiProblem('not-available', { detail: 'this instance holds no masking keys' });
      }
      const caller = callerOf(request);
      const bucket = bucketOf(caller);
      const { field, reason } = request.body;
      const parsed = parseField(field, request.body.value);
      if (!parsed.success) {
        throw wrongField('value', parsed.error.issues[0]?.message ?? 'is not valid');
      }
      if (!asked.take(bucket)) throw tooMany(asked, bucket);
      const inUse = new Set(await maskKeysInUse(pool));
      const maskers = maskersById(keys);
      // Without a key the value is no secret, and so is what the audit log would have of it.
      const searchable = [...maskers.values()].filter(
        ({ keyId }) => keys.keys.has(keyId) || (guessableValues && inUse.has(keyId)),
      );
      const searched = searchable.map(({ keyId, mask }) => ({
        mask_key_id: keyId,
        masked: mask(field, parsed.data as string),
      }));
      const onRecord = searched.filter(({ mask_key_id }) => !IDS_WITHOUT_KEY.includes(mask_key_id));
      const active = searched.find(({ mask_key_id }) => mask_key_id === keys.activeId);
      const within = await recordLookup(pool, {
        caller: bucket,
        value: createHash('sha256').update(`${field} ${active?.masked}`).digest(),
        valuesPerDay: lookupValuesPerDay,
        reason,
        detail: {
          caller: caller.name,
          authenticated_by: caller.by,
          field,
          maskedValues: onRecord.map(({ masked }) => masked),
          maskKeyIds: searched.map(({ mask_key_id }) => mask_key_id),
        },
      });
      if (!within) {
        throw new ApiProblem('lookup-budget-spent', {
          headers: { 'retry-after': String(secondsToTomorrow()) },
        });
      }
      const counted = [];
      for (const each of searched) {
        const filter = { ...ALL_DAYS, [FILTERS[field]]: each.masked };
        counted.push({ ...each, logins: await countLogins(pool, filter) });
      }
      const held = new Set(searched.map(({ mask_key_id }) => mask_key_id));
      const notSearched = [...inUse].filter((id) => !held.has(id));
      return sendPrivate(
        reply,
        JSON.stringify({ data: { field, searched: counted, not_searched: notSearched } }),
      );
    },
  );
}

const secondsToTomorrow = (): number =>
  SECONDS_PER_DAY - (Math.floor(Date.now() / 1_000) % SECONDS_PER_DAY);
