import { LOGIN_FIELDS } from '../../domain/login/login-columns.ts';
import { parseLoginEvent } from '../../domain/login/login-event.ts';
import type { EnvelopeSetting } from '../../domain/login/message-envelope.ts';

type FieldShape = { name: string; type: string; length?: number };

export type MessageShape = {
  bytes: number;
  /** Why it is not a login event; undefined for one. */
  reason?: string;
  fields?: FieldShape[];
  /** Fields with a name that might be a value, and is not shown. */
  unnamedFields?: number;
};

const KNOWN: readonly string[] = LOGIN_FIELDS.map(({ field }) => field);
const LOOKS_LIKE_A_NAME = /^[A-Za-z_]{1,32}$/;

/** What a message looks like: names, types and lengths of its fields, without their values. */
export function messageShape(body: string, envelope?: EnvelopeSetting): MessageShape {
  const bytes = Buffer.byteLength(body);
  const { reason } = parseLoginEvent(body, envelope);
  // The message itself is at fault, and may not be safe to parse.
  if (reason?.startsWith('message:')) return { bytes, reason };
  const json = parseObject(body);
  if (json === undefined) return { bytes, ...(reason !== undefined && { reason }) };
  const names = Object.keys(json);
  const named = names.filter((name) => KNOWN.includes(name) || LOOKS_LIKE_A_NAME.test(name));
  const unnamedFields = names.length - named.length;
  return {
    bytes,
    ...(reason !== undefined && { reason }),
    fields: named.map((name) => ({ name, ...shapeOf(json[name]) })),
    ...(unnamedFields > 0 && { unnamedFields }),
  };
}

/** Undefined for a message in base64. */
function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function shapeOf(value: unknown): { type: string; length?: number } {
  if (value === null) return { type: 'null' };
  if (typeof value === 'string') return { type: 'string', length: Array.from(value).length };
  if (Array.isArray(value)) return { type: 'array', length: value.length };
  if (typeof value === 'object') return { type: 'object', length: Object.keys(value).length };
  return { type: typeof value };
}
