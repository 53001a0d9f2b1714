import { z } from 'zod';
import { type Content, type EnvelopeKind, findEnvelope } from './find-envelope.ts';
import { canonicalIp } from './ip-address.ts';
import { nestsTooDeep } from './json-depth.ts';
import { type Cell, type FieldName, LOGIN_FIELDS, type LoginField } from './login-columns.ts';
import {
  type EnvelopeSetting,
  envelopeRefusal,
  insideOf,
  MAX_ENVELOPES,
} from './message-envelope.ts';

/** The fields add up to less than 1 KiB, so a longer message is not a login event. */
export const MAX_EVENT_BYTES = 262_144;

export type LoginEvent = { [F in LoginField as F['field']]: Cell<F> };

type Declared = (typeof LOGIN_FIELDS)[number];

/** Parses a field into the value for its column. An empty optional field is null. A rule never contains the value. */
function fieldSchema(declared: Declared): z.ZodType<string | null> {
  const { nullable } = declared;
  const text = z
    .string({ error: ({ input }) => (input === undefined ? 'is missing' : 'is not a string') })
    .transform((value, context) => {
      if (value === '' && nullable) return null;
      const address = 'format' in declared ? canonicalIp(value) : value;
      const problem =
        textProblem(value, originalCharacters(declared)) ??
        (address === undefined ? 'is not an IP address' : undefined);
      if (problem === undefined) return address as string;
      context.addIssue({ code: 'custom', message: problem });
      return z.NEVER;
    });
  return nullable ? text.nullish().transform((value) => value ?? null) : text;
}

const originalCharacters = (declared: Declared): number =>
  'masked' in declared ? declared.masked.maxOriginalCharacters : declared.maxCharacters;

function textProblem(value: string, maxCharacters: number): string | undefined {
  if (value === '') return 'is empty';
  // Postgres counts code points, of which a text never has more than UTF-16 units.
  if (value.length > maxCharacters && Array.from(value).length > maxCharacters) {
    return `is longer than ${maxCharacters} characters`;
  }
  if (value.includes('\u0000')) return 'holds a NUL character';
  if (!value.isWellFormed()) return 'holds a lone surrogate';
  return undefined;
}

const FIELD_SCHEMAS = Object.fromEntries(
  LOGIN_FIELDS.map((declared) => [declared.field, fieldSchema(declared)]),
) as { [F in FieldName]: z.ZodType<LoginEvent[F]> };

/** Other fields of a message are ignored. */
const loginEventSchema = z.object(FIELD_SCHEMAS, { error: 'is not a JSON object' });

/** Parses a single field into the form in which it is masked or stored. */
export const parseField = <F extends FieldName>(field: F, value: unknown) =>
  FIELD_SCHEMAS[field].safeParse(value);

type ParsedMessage = { event: LoginEvent; reason?: undefined; faults?: undefined } | Refused;

type Refused = {
  event?: undefined;
  /** `field: rule`, safe to store and show: never a value. */
  reason: string;
  /** All faults of a message that has several, as `reason`, which is the first of them. */
  faults?: string[];
};

const refused = ([reason = 'message: is not valid', ...more]: readonly string[]): Refused => ({
  reason,
  ...(more.length > 0 && { faults: [reason, ...more] }),
});

/** Parses a message body. Never throws. */
export function parseLoginEvent(body: string, setting: EnvelopeSetting = 'none'): ParsedMessage {
  if (body.length > MAX_EVENT_BYTES || Buffer.byteLength(body) > MAX_EVENT_BYTES) {
    return { reason: `message: is larger than ${MAX_EVENT_BYTES} bytes` };
  }
  return parseContent({ text: body }, setting, []);
}

/** @param unwrapped the envelopes that the content was in, the innermost first */
function parseContent(
  content: Content,
  setting: EnvelopeSetting,
  unwrapped: readonly EnvelopeKind[],
): ParsedMessage {
  const { parsed, envelope } = readContent(content);
  if (parsed.event !== undefined) return parsed;
  if (envelope === undefined) {
    const inside = insideOf(unwrapped, setting);
    return refused(faultsOf(parsed).map((fault) => `${fault}${inside}`));
  }
  const { kind, content: inner } = envelope;
  const refusal = envelopeRefusal(kind, setting, unwrapped, () => envelopesIn(inner));
  return refusal === undefined && inner !== undefined
    ? parseContent(inner, setting, [kind, ...unwrapped])
    : { reason: `message: ${refusal}` };
}

/** A login event is no envelope, whatever its other fields are. */
function readContent(content: Content) {
  const read = 'text' in content ? parseJson(content.text) : content;
  const parsed = 'json' in read ? parseFields(read.json) : read;
  const envelope = parsed.event ? undefined : findEnvelope('json' in read ? read : content);
  return { parsed, envelope };
}

/** The envelopes that MESSAGE_ENVELOPE=auto would come upon, the outermost first. */
function envelopesIn(content: Content | undefined): EnvelopeKind[] {
  const kinds: EnvelopeKind[] = [];
  let inner = content;
  while (inner !== undefined && kinds.length < MAX_ENVELOPES) {
    const { envelope } = readContent(inner);
    if (envelope) kinds.push(envelope.kind);
    inner = envelope?.content;
  }
  return kinds;
}

/** Each fault of a refused message. */
export const faultsOf = ({ reason, faults }: Refused): string[] => faults ?? [reason];

function parseJson(text: string): { json: unknown } | Refused {
  if (text.startsWith('\uFEFF')) return { reason: 'message: begins with a byte-order mark' };
  if (nestsTooDeep(text)) return { reason: 'message: is nested too deeply' };
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { reason: 'message: is not JSON' };
  }
}

function parseFields(json: unknown): ParsedMessage {
  const parsed = loginEventSchema.safeParse(json);
  if (parsed.success) return { event: parsed.data };
  return refused(
    parsed.error.issues.map(({ path, message }) => `${String(path[0] ?? 'message')}: ${message}`),
  );
}
