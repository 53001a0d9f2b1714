import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { Refusal } from '../http/refusal.ts';

/** More than any event has, and than the Web UI sends at once. */
const MAX_PAYLOADS = 1_000;

const base64 = z.base64().or(z.literal(''));

/** As Temporal's remote codec protocol has it: Payloads in protobuf's JSON form. */
const payloadsSchema = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), base64).nullish(),
        data: base64.nullish(),
      }),
    )
    .max(MAX_PAYLOADS),
});

/** @throws Refusal that repeats nothing of the body */
export function parsePayloads(body: string): Payload[] {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  const parsed = payloadsSchema.safeParse(raw);
  if (!parsed.success) {
    throw new Refusal(
      400,
      `the body has to be {"payloads": [{"metadata": {"NAME": "base64"}, "data": "base64"}]}, ${MAX_PAYLOADS} at most`,
    );
  }
  return parsed.data.payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  }));
}

export function formatPayloads(payloads: readonly Payload[]): string {
  return JSON.stringify({
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]),
      ),
      data: toBase64(data ?? new Uint8Array(0)),
    })),
  });
}

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
