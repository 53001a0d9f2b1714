import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export type ApiMetrics = {
  registry: Registry;
  /** @param route its template, never the path that was asked for */
  answered(request: { route: string; method: string; status: number; seconds: number }): void;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = ['GET', 'HEAD', 'POST'];

export function apiMetrics(): ApiMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
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
  return {
    registry,
    answered({ route, method, status, seconds: took }) {
      const known = METHODS.includes(method) ? method : 'other';
      requests.inc({ route, method: known, status });
      seconds.observe({ route }, took);
    },
  };
}
