import { z } from 'zod';
import { canonicalIp } from './ip-address.ts';
import { nestsTooDeep } from './json-depth.ts';

/** A message longer than this is no login event, whatever is in it: the fields add up to under 1 KiB. */
export const MAX_EVENT_BYTES = 262_144;

/** A field as its column takes it. Every rule names itself without the value. */
const text = (maxCharacters: number) =>
  z
    .string({ error: ({ input }) => (input === undefined ? 'is missing' : 'is not a string') })
    .superRefine((value, context) => {
      const problem = textProblem(value, maxCharacters);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    });

function textProblem(value: string, maxCharacters: number): string | undefined {
  if (value === '') return 'is empty';
  // Postgres counts code points, a JavaScript string counts UTF-16 units: only count when it may matter.
  if (value.length > maxCharacters && Array.from(value).length > maxCharacters) {
    return `is longer than ${maxCharacters} characters`;
  }
  if (value.includes('\u0000')) return 'holds a NUL character';
  if (!value.isWellFormed()) return 'holds a lone surrogate';
  return undefined;
}

/** What a login event is: six fields, lengths as the columns of `user_logins`; others are ignored. */
export const loginEventSchema = z.object(
  {
    user_id: text(128),
    app_version: text(32),
    device_type: text(32),
    ip: text(64).transform((value, context) => {
      const address = canonicalIp(value);
      if (address !== undefined) return address;
      context.addIssue({ code: 'custom', message: 'is not an IP address' });
      return z.NEVER;
    }),
    locale: text(32).nullish(),
    device_id: text(256),
  },
  { error: 'is not a JSON object' },
);

export type LoginEvent = z.infer<typeof loginEventSchema>;

export type ParsedMessage =
  | { event: LoginEvent; reason?: undefined }
  /** `field: rule`, safe to store and show: never a value. */
  | { event?: undefined; reason: string };

/** Reads a message body. Never throws, whatever the body is. */
export function parseLoginEvent(body: string): ParsedMessage {
  if (body.length > MAX_EVENT_BYTES || Buffer.byteLength(body) > MAX_EVENT_BYTES) {
    return { reason: `message: is larger than ${MAX_EVENT_BYTES} bytes` };
  }
  if (body.startsWith('\uFEFF')) return { reason: 'message: begins with a byte-order mark' };
  if (nestsTooDeep(body)) return { reason: 'message: is nested too deeply' };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { reason: 'message: is not JSON' };
  }
  const parsed = loginEventSchema.safeParse(json);
  if (parsed.success) return { event: parsed.data };
  const issue = parsed.error.issues[0];
  return { reason: `${String(issue?.path[0] ?? 'message')}: ${issue?.message ?? 'is not valid'}` };
}
