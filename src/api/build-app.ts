import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import fastify from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { TokenBuckets } from '../http/token-buckets.ts';
import { addAccessHooks, MAX_URL_LENGTH } from './access-hooks.ts';
import { addAnswerHooks } from './answer-hooks.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem, PROBLEM_TYPE, problemOf } from './api-problem.ts';
import type { ApiServer } from './api-server.ts';
import { addFailureHandlers, sendProblem } from './failure-handlers.ts';
import { OPENAPI } from './openapi-info.ts';
import { addPages } from './pages/page-routes.ts';
import { addExportRoutes } from './routes/export-routes.ts';
import { addLookupRoutes } from './routes/lookup-routes.ts';
import { addReadRoutes } from './routes/read-routes.ts';
import { addServiceRoutes } from './routes/service-routes.ts';
import { addSharingRoutes } from './routes/sharing-routes.ts';
import { addStatsRoutes } from './routes/stats-routes.ts';
import { takeJsonBodies } from './routes/take-json-bodies.ts';

const MAX_BODY_BYTES = 64 * 1_024;

/** All routes of the service on this server, which does not listen yet. */
export async function buildApp(context: ApiContext, server: Server): Promise<ApiServer> {
  const app: ApiServer = fastify({
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    genReqId: () => randomUUID(),
    // An address that cannot be decoded, or is too long, reaches no route and no hook.
    frameworkErrors: ({ code }, request, reply) =>
      sendProblem(
        new ApiProblem(code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'uri-too-long' : 'not-found'),
        request,
        reply,
      ),
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are text already: a serializer would only cost time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('caller', null);
  await app.register(swagger, {
    openapi: OPENAPI,
    transform: withSecurity,
    transformObject: jsonSchemaTransformObject,
  });
  app.removeContentTypeParser('text/plain');
  takeJsonBodies(app);
  const quota = new TokenBuckets(context.settings.requestsPerMinute);
  // First, so that refusals have their headers, too.
  addAnswerHooks(app, context, quota);
  addAccessHooks(app, context, quota);
  addFailureHandlers(app, context);
  addServiceRoutes(app, context);
  addReadRoutes(app, context);
  addStatsRoutes(app, context);
  addSharingRoutes(app, context);
  addLookupRoutes(app, context);
  addExportRoutes(app, context);
  addPages(app, context);
  await app.ready();
  return app;
}

/** What Node cannot parse, or did not get in time, reaches no route. */
function answerBrokenRequest(error: Error, socket: Socket): void {
  if (!socket.writable) return;
  const problem = problemOf(Object.assign(error, { statusCode: 400 }));
  const body = problem.json(randomUUID());
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.kind}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** The scope of each route, for clients' generators. */
function withSecurity(document: Parameters<typeof jsonSchemaTransform>[0]) {
  const transformed = jsonSchemaTransform(document);
  const scope = document.route.config?.scope;
  if (scope === undefined || scope === 'open') return transformed;
  return { ...transformed, schema: { ...transformed.schema, security: [{ token: [scope] }] } };
}
