import type { Payload } from '@temporalio/common';
import { hasEncoding } from '../domain/payload-metadata.ts';

const ENCODING = 'binary/parts';
const LENGTH_BYTES = 4;

const text = new TextEncoder();
const fromText = new TextDecoder();

/**
 * Encodes an object that has parts among its values as one payload: the other values as JSON with the names of the
 * parts, then the parts themselves, which need neither text encoding nor another encryption.
 * @returns undefined for any other value
 */
export function toPartsPayload(value: unknown): Payload | undefined {
  if (typeof value !== 'object' || value === null || isBytes(value)) return undefined;
  const entries = Object.entries(value);
  const parts = entries.filter((entry): entry is [string, Uint8Array] => isBytes(entry[1]));
  if (parts.length === 0) return undefined;
  const plain = Object.fromEntries(entries.filter(([, each]) => !isBytes(each)));
  const head = text.encode(JSON.stringify({ plain, names: parts.map(([name]) => name) }));
  return partsPayload([head, ...parts.map(([, part]) => part)]);
}

export function fromPartsPayload<T>(payload: Payload): T {
  const [head, ...parts] = chunks(payload.data ?? new Uint8Array(0));
  const { plain, names } = JSON.parse(fromText.decode(head)) as { plain: object; names: string[] };
  return Object.assign(
    plain,
    Object.fromEntries(names.map((name, index) => [name, parts[index]])),
  ) as T;
}

export const isPartsPayload = (payload: Payload): boolean => hasEncoding(payload, ENCODING);

/** @param all the head, then the parts */
export const partsPayload = (all: readonly Uint8Array[]): Payload => ({
  metadata: { encoding: text.encode(ENCODING) },
  data: concatenated(all),
});

/** Each with its length before it (4 bytes, big endian). */
export function concatenated(all: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(all.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const each of all) {
    view.setUint32(at, each.length);
    data.set(each, at + LENGTH_BYTES);
    at += LENGTH_BYTES + each.length;
  }
  return data;
}

/** @throws RangeError when the lengths and the data don't agree */
export function chunks(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const all: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + LENGTH_BYTES + view.getUint32(at);
    if (end > data.length) throw new RangeError('a payload of parts is cut short');
    all.push(data.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return all;
}

/** `instanceof` would miss arrays from outside the workflow's sandbox, which has its own Uint8Array. */
const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
