import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/local/ports/free-port.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const PATIENCE = { timeout: 15_000 };

let stack: Stack;
let worker: WorkerProcess;
let url: string;

beforeAll(async () => {
  stack = await startStack({ ownPostgres: {} });
  const address = `127.0.0.1:${await freePort()}`;
  url = `http://${address}`;
  worker = await stack.spawnWorker({ WORKER_HEALTH_ADDRESS: address });
});
afterAll(() => stack?.stop());

const ask = async (path: string) => {
  const answer = await fetch(`${url}${path}`);
  return { status: answer.status, body: await answer.json() };
};
const ready = () => ask('/readyz');
const ALL = { temporal: 'ok', postgres: 'ok', queue: 'ok' };
const READY = { status: 200, body: { status: 'ready', ...ALL } };
const notReady = (parts: object) => ({
  status: 503,
  body: { status: 'not ready', ...ALL, ...parts },
});

test('a worker with all its parts is alive and ready; other paths are not there', async () => {
  expect(await ask('/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
  expect(await ready()).toEqual(READY);
  expect((await ask('/metrics')).status).toBe(404);
});

test('without Postgres it is alive, not ready, says which part is away, and is ready again after', async () => {
  await stack.postgres?.server.kill();
  await expect.poll(ready, PATIENCE).toEqual(notReady({ postgres: 'unreachable' }));
  expect((await ask('/healthz')).status).toBe(200);
  await stack.postgres?.server.restart();
  await expect.poll(ready, PATIENCE).toEqual(READY);
});

test('a queue that does not answer is not waited for', async () => {
  stack.sqs.proxy.setFault(() => new Promise(() => {}));
  await expect.poll(ready, PATIENCE).toEqual(notReady({ queue: 'unreachable' }));
  const begun = performance.now();
  expect((await ready()).status).toBe(503);
  expect(performance.now() - begun).toBeLessThan(4_000);
  stack.sqs.proxy.setFault();
  await expect.poll(ready, PATIENCE).toEqual(READY);
});

test('however often health is asked, the queue is asked once a second at most', async () => {
  stack.sqs.proxy.forget();
  const begun = performance.now();
  for (let n = 0; n < 30; n += 1) await ready();
  const seconds = (performance.now() - begun) / 1_000;
  const asked = stack.sqs.proxy.calls.filter(({ action }) => action === 'GetQueueAttributes');
  expect(asked.length).toBeLessThanOrEqual(Math.floor(seconds) + 1);
});

test('a worker that is told to stop does not wait for a queue that hangs', async () => {
  const asked = () =>
    stack.sqs.proxy.calls.filter(({ action }) => action === 'GetQueueAttributes').length;
  const another = await stack.spawnWorker({
    WORKER_METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
    WORKER_SAMPLE_SECONDS: '1',
  });
  stack.sqs.proxy.setFault(() => new Promise(() => {}));
  stack.sqs.proxy.forget();
  await expect.poll(asked, PATIENCE).toBeGreaterThan(0);
  const begun = performance.now();
  await another.stop();
  expect(performance.now() - begun).toBeLessThan(12_000);
  stack.sqs.proxy.setFault();
});

test('without Temporal it is not ready', async () => {
  await stack.temporal.kill();
  await expect.poll(ready, PATIENCE).toEqual(notReady({ temporal: 'unreachable' }));
  await worker.kill();
});
