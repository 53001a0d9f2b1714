import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiScope } from '../config/sections/api-section.ts';
import type { Caller } from '../http/authenticate.ts';

export type ApiServer = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller needs, or `open` for a route that anyone may ask. A route without it cannot be added. */
    scope?: ApiScope | 'open';
    /** Of its answers; JSON if it does not say. */
    types?: readonly string[];
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** The caller of a route that has a scope. */
export function callerOf({ caller }: Pick<FastifyRequest, 'caller'>): Caller {
  if (!caller) throw new Error('a route without authentication asked for its caller');
  return caller;
}
