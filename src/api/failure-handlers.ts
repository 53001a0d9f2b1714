import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { classifyError } from '../errors/classify-error.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem, PROBLEM_TYPE, problemOf } from './api-problem.ts';
import type { ApiServer } from './api-server.ts';

/** Everything but an answer is a problem document. */
export function addFailureHandlers(app: ApiServer, { logger }: ApiContext): void {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}/?$`);
    const known = routes.get(url) ?? { pattern, methods: new Set() };
    for (const each of [method].flat()) known.methods.add(each);
    routes.set(url, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const known = [...routes.values()].find(({ pattern }) => pattern.test(path));
    const problem = known
      ? new ApiProblem('method-not-allowed', { headers: { allow: [...known.methods].join(', ') } })
      : new ApiProblem('not-found');
    sendProblem(problem, request, reply);
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const problem = hasZodFastifySchemaValidationErrors(error) ? invalid(error) : problemOf(error);
    if (problem.status >= 500) {
      const { code, policy } = classifyError(error);
      logger.error(
        { request_id: request.id, error: error.name, code },
        `request failed: ${policy.advice}`,
      );
    }
    sendProblem(problem, request, reply);
  });
}

export function sendProblem(
  problem: ApiProblem,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply
    .code(problem.status)
    .headers({
      'cache-control': 'no-store',
      ...problem.headers,
      'content-type': PROBLEM_TYPE,
      'x-request-id': request.id,
    })
    // As bytes, since Fastify would add a charset to the type of a text.
    .send(Buffer.from(problem.json(request.id)));
}

type Invalid = {
  validation: readonly { instancePath: string; message?: string; params?: { keys?: unknown } }[];
};

/** Names each field. The texts come from the schemas and repeat no value. */
function invalid({ validation }: Invalid): ApiProblem {
  const errors = validation.flatMap(({ instancePath, message = 'is not valid', params }) => {
    const path = instancePath.split('/').filter(Boolean);
    const { keys } = params ?? {};
    return Array.isArray(keys)
      ? keys.map((key) => ({ field: [...path, key].join('.'), detail: 'there is no such field' }))
      : [{ field: path.join('.') || 'body', detail: message }];
  });
  const detail = errors.map((error) => `${error.field}: ${error.detail}`).join('; ');
  return new ApiProblem('invalid-request', { detail, errors });
}
