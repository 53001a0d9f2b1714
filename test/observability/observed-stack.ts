import { freePort } from '../../src/local/ports/free-port.ts';
import {
  createSchedule,
  DEFAULT_CATCHUP_WINDOW_MS,
} from '../../src/temporal/schedule/create-schedule.ts';
import { startedApi } from '../api/started-api.ts';
import { loginMessages, smallBadMessages } from '../support/data/login-messages.ts';
import type { TestDatabase } from '../support/servers/test-database.ts';
import { type Stack, type StackOptions, startStack } from '../support/start-stack.ts';
import { UndoList } from '../support/undo-list.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { type Prometheus, type PrometheusOptions, startPrometheus } from './prometheus.ts';

export const GOOD = 40;
export const BAD = smallBadMessages(7);

export type ObservedStack = {
  stack: Stack;
  worker: WorkerProcess;
  metricsUrl: string;
  healthUrl: string;
  prometheus: Prometheus;
  stop(): Promise<void>;
};

/** A stack with a schedule and a worker that has drained the queue once, scraped by a real Prometheus. */
export async function startObservedStack(
  options: StackOptions & Omit<PrometheusOptions, 'scrape'> = {},
): Promise<ObservedStack> {
  const undo = new UndoList();
  try {
    const stack = await startStack(options);
    undo.push(() => stack.stop());
    await createSchedule(stack.client, {
      when: { everyMs: 3_600_000 },
      catchupWindowMs: DEFAULT_CATCHUP_WINDOW_MS,
    });
    const metrics = `127.0.0.1:${await freePort()}`;
    const health = `127.0.0.1:${await freePort()}`;
    // Prometheus takes some seconds to begin.
    const api = await startedApi({ database: { urls: stack.databaseUrls } as TestDatabase });
    undo.push(() => api.stop());
    await (await api.get('/healthz')).text();
    const prometheus = await startPrometheus({
      ...options,
      scrape: { 'login-etl': [metrics], 'login-etl-api': [new URL(api.url).host] },
    });
    undo.push(() => prometheus.stop());
    const worker = await stack.spawnWorker({
      WORKER_METRICS_ADDRESS: metrics,
      WORKER_HEALTH_ADDRESS: health,
      WORKER_SAMPLE_SECONDS: '1',
      MASKING_KEY_SINCE: '2026-01-01',
    });
    await untilTrue(async () => (await prometheus.value('up{job="login-etl"}')) === 1);
    await stack.send([...loginMessages(GOOD), ...BAD.map(({ body }) => body)]);
    await stack.run();
    const counted = `login_etl_messages_received_total == ${GOOD + BAD.length}`;
    await untilTrue(async () => (await prometheus.query(counted)).length > 0);
    const sampled = 'login_etl_last_run_messages{result="received"} > 0';
    await untilTrue(async () => (await prometheus.query(sampled)).length > 0);
    return {
      stack,
      worker,
      metricsUrl: `http://${metrics}/metrics`,
      healthUrl: `http://${health}`,
      prometheus,
      stop: () => undo.run(),
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

const WITHIN_MS = 20_000;

export async function untilTrue(look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`not so within ${WITHIN_MS} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
