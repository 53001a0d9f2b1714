import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type ApiMetrics = {
  registry: Registry;
  /** @param from where the answer of a route with a cache came from */
  found(from: string): void;
  setCacheCurrent(isCurrent: () => boolean): void;
  /** @param request `route`: its template, never the path that was asked for */
  answered(request: { route: string; method: string; status: number; seconds: number }): void;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = ['GET', 'HEAD', 'POST'];

export function apiMetrics(): ApiMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'login_etl_api_requests_total',
    help: 'Answers of the read service, by route template, method and status',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'login_etl_api_request_duration_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const answers = new Counter({
    name: 'login_etl_api_answers_total',
    help: 'Answers by where they came from: memory, redis, database, or bypass when the cache could not be used',
    labelNames: ['source'],
    registers: [registry],
  });
  for (const source of ['memory', 'redis', 'database', 'bypass']) answers.inc({ source }, 0);
  return {
    registry,
    found: (source) => answers.inc({ source }),
    setCacheCurrent(isCurrent) {
      new Gauge({
        name: 'login_etl_api_cache_current',
        help: 'Whether changes are followed closely enough to use the cache',
        registers: [registry],
        collect() {
          this.set(isCurrent() ? 1 : 0);
        },
      });
    },
    answered({ route, method, status, seconds: took }) {
      const known = METHODS.includes(method) ? method : 'other';
      requests.inc({ route, method: known, status });
      seconds.observe({ route }, took);
    },
  };
}
