import { areReady } from '../../telemetry/health/readiness.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { JSON_TYPE } from '../send-data.ts';

const OPEN = { config: { scope: 'open' }, schema: { hide: true } } as const;

/** For probes, Prometheus and clients' generators: open to anyone, without data. */
export function addServiceRoutes(
  app: ApiServer,
  { readiness, metrics, isCacheCurrent }: ApiContext,
): void {
  app.get('/healthz', OPEN, (_request, reply) => {
    void reply.header('cache-control', 'no-store').type(JSON_TYPE).send('{"status":"alive"}\n');
  });
  app.get('/readyz', OPEN, async (_request, reply) => {
    const parts = await readiness();
    const ready = areReady(parts);
    const status = ready ? 'ready' : 'not ready';
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .type(JSON_TYPE)
      .send(
        `${JSON.stringify({ status, ...parts, cache: isCacheCurrent() ? 'ok' : 'bypassed' })}\n`,
      );
  });
  app.get('/metrics', OPEN, async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(metrics.registry.contentType)
      .send(await metrics.registry.metrics()),
  );
  let openapi: string | undefined;
  app.get('/openapi.json', OPEN, (_request, reply) => {
    openapi ??= JSON.stringify(app.swagger());
    void reply.header('cache-control', 'no-cache').type(JSON_TYPE).send(openapi);
  });
}
