import { z } from 'zod';
import type { ApiSettings } from '../../config/sections/api-section.ts';
import type { LoginFilter } from '../../postgres/reads/login-filter.ts';

const MASKED = /^[0-9a-f]{64}$/;
const NO_CONTROL = /^\P{Cc}*$/u;

/** What `POST /v1/lookups` gives for a plain value. */
export const maskedValue = z
  .string()
  .regex(MASKED, 'must be a masked value, 64 lower-case hex digits, never a plain one')
  .describe('A masked value, 64 lower-case hex digits');

export const textOf = (maxLength: number) =>
  z.string().min(1).max(maxLength).regex(NO_CONTROL, 'must have no control characters');

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 50;

export const filterFields = {
  user: textOf(128).optional(),
  masked_device: maskedValue.optional(),
  masked_ip: maskedValue.optional(),
  device_type: textOf(32).optional(),
  app_version: textOf(32).optional(),
  locale: textOf(32).optional(),
};

type Asked = { [F in keyof typeof filterFields]?: string | undefined };

/** The filter of a request. By masked value, it leaves out rows that were masked without a key. */
export function filterOf(
  { masked_device: maskedDevice, masked_ip: maskedIp, ...asked }: Asked,
  { guessableValues }: Pick<ApiSettings, 'guessableValues'>,
): Omit<LoginFilter, 'from' | 'to'> {
  const { user, device_type: deviceType, app_version: appVersion, locale } = asked;
  return {
    user,
    maskedDevice,
    maskedIp,
    deviceType,
    appVersion,
    locale,
    keyedOnly: !guessableValues && Boolean(maskedDevice ?? maskedIp),
  };
}

export const reasonField = textOf(500)
  .regex(/\S/, 'must not be blank')
  .describe('For the audit log, such as a ticket');

const limitRule = z.int().min(1).max(MAX_LIMIT);

/** In an address everything is text; "1e2" and "0x10" are not taken for numbers. */
export const limitParameter = z
  .preprocess((text) => (/^\d{1,6}$/.test(String(text)) ? Number(text) : text), limitRule)
  .default(DEFAULT_LIMIT)
  .describe(`By default ${DEFAULT_LIMIT}`);

export const limitField = limitRule.default(DEFAULT_LIMIT);

export const cursorField = z
  .string()
  .regex(/^[\w-]{1,1024}$/, 'must be the `next` of an answer')
  .optional()
  .describe('The `next` of the page before');

const shownMasked = z
  .string()
  .nullable()
  .describe('Null for a row that was masked without a key, unless API_GUESSABLE_VALUES=true');

export const loginSchema = z.object({
  user_id: z.string(),
  device_type: z.string(),
  masked_ip: shownMasked,
  masked_device_id: shownMasked,
  locale: z.string().nullable(),
  app_version: z.string(),
  create_date: z.iso.date(),
  message_id: z.string(),
  mask_key_id: z.string(),
  sent_at: z.iso.datetime(),
});

export const countSchema = z
  .object({ value: z.int(), at_least: z.boolean() })
  .describe('With `at_least`, there are more than `value`');

/** Behind what more than this share is a network or a shop, not a person. */
export const HUB = 1_000;

export const asOf = z.iso
  .datetime()
  .nullable()
  .describe('Up to when the numbers count; null before they were counted');

export const windowSchema = z.object({ from: z.iso.date(), to: z.iso.date() });

export const nextField = z.string().nullable().describe('The cursor of the next page, or null');

const problem = z
  .object({
    type: z.string().describe('Stable; `urn:login-etl:problem:…`'),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    field: z.string().optional().describe('The first field that is wrong'),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
    request_id: z.string(),
  })
  .describe('RFC 9457');

const asProblem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
});

/** What every route that needs a token may answer. */
export const problems = {
  400: asProblem('A field or the cursor is not valid'),
  401: asProblem('No valid token'),
  403: asProblem('The token lacks the scope'),
  429: asProblem('Too many requests: see Retry-After'),
  503: asProblem('The database does not answer: see Retry-After'),
};
