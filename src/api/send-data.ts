import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerSource } from './cache/answer-cache.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

const CACHE_STATUS: Readonly<Record<AnswerSource, string>> = {
  memory: 'login-etl; hit; detail=memory',
  redis: 'login-etl; hit; detail=redis',
  database: 'login-etl; fwd=miss',
  bypass: 'login-etl; fwd=bypass',
};

type Data = {
  /** An object in JSON. */
  body: Buffer;
  source: AnswerSource;
  /** To be added. The sealed cursor differs each time, so it does not count for the ETag. */
  next?: string | undefined;
};

/**
 * What a handler returns once it has answered: the reply, for Fastify to wait for. For its types, a reply is no answer of
 * the route's schema.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: the types of Fastify take it for nothing.
export type Sent = void;
export const sent = (reply: FastifyReply): Sent => reply as unknown as Sent;

/** Sends an answer that a client may keep, if it asks each time whether it is still right. */
export function sendData(
  { headers, method }: Pick<FastifyRequest, 'headers' | 'method'>,
  reply: FastifyReply,
  { body, source, next }: Data,
): Sent {
  void reply
    .header('cache-control', 'private, no-cache')
    .header('cache-status', CACHE_STATUS[source])
    .header('content-type', JSON_TYPE);
  if (method === 'GET' || method === 'HEAD') {
    const etag = `W/"${createHash('sha256').update(body).digest('base64url')}"`;
    void reply.header('etag', etag).header('vary', 'authorization');
    if (isKnown(headers['if-none-match'], etag)) return sent(reply.code(304).send());
  }
  return sent(reply.send(next === undefined ? body : withNext(body, next)));
}

/** Sends an answer that no client may keep. */
export const sendPrivate = (reply: FastifyReply, body: string): Sent =>
  sent(reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE).send(body));

/** Adds a field to an object in JSON, which is not parsed for it. */
const withNext = (json: Buffer, next: string): Buffer =>
  Buffer.concat([json.subarray(0, -1), Buffer.from(`,"next":${JSON.stringify(next)}}`)]);

const isKnown = (known: string | undefined, etag: string): boolean =>
  known !== undefined &&
  (known.trim() === '*' || known.split(',').some((each) => each.trim() === etag));
