import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

export const JSON_TYPE = 'application/json; charset=utf-8';

type Data = {
  /** An object in JSON. */
  body: string;
  /** The sealed cursor differs each time, so it does not count for the ETag. */
  next?: string | null;
};

/** Sends an answer that a client may keep, if it asks each time whether it is still right. */
export function sendData(
  { headers, method }: Pick<FastifyRequest, 'headers' | 'method'>,
  reply: FastifyReply,
  { body, next }: Data,
): FastifyReply {
  void reply.header('cache-control', 'private, no-cache').header('content-type', JSON_TYPE);
  if (method === 'GET' || method === 'HEAD') {
    const etag = `W/"${createHash('sha256').update(body).digest('base64url')}"`;
    void reply.header('etag', etag).header('vary', 'authorization');
    if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send();
  }
  return reply.send(next === undefined ? body : withNext(body, next));
}

/** Adds a field to an object in JSON, which is not parsed for it. */
const withNext = (json: string, next: string | null): string =>
  `${json.slice(0, -1)},"next":${JSON.stringify(next)}}`;

const isKnown = (known: string | undefined, etag: string): boolean =>
  known !== undefined &&
  (known.trim() === '*' || known.split(',').some((each) => each.trim() === etag));
